"""torch and numpy as their users run them: computes what bench_peers asks for, or times it block by block.

One command a line on standard input, one line of answer on standard output: "ok ..." or what went wrong. Arrays are raw 32-bit
floats.
  put <name> <count>      the floats follow the command
  get <name>              the answer is their count, and they follow
  net <kind> <name>       a network from the arrays parameters, inputs and targets
  infer <name> <rows>     leaves the array outputs; job <name>/infer
  train <name>            one step: the answer is its loss; leaves the array gradient; job <name>/train
  sampler <name> <steps> <sentences>   jobs <name>/sample, <name>/outside, and each with -inverse
  law <name> <step>       the array law: of each token of the array noisy, one step earlier
  generator <kind> <count>   the array numbers; job <kind>/fill; kinds: numpy-philox (uniform), torch-normal
  descent <kind> <dimension> <runs>   job <kind>/step; kinds: numpy, torch
  overlaps <kind> <steps>    so many steps, then the array overlaps
  time <job> <calls>      the answer is seconds of CPU time
"""
import sys
import time

import numpy as np
import sphere

try:
    import torch
    import torch_nets
    torch.set_num_threads(1)
except ImportError:
    torch = None

arrays = {}
sessions = {}
jobs = {}


def put(name, count):
    arrays[name] = np.frombuffer(sys.stdin.buffer.read(4 * int(count)), np.float32)
    return ''


def net(kind, name):
    session = torch_nets.Session(kind, arrays['parameters'], arrays['inputs'], arrays['targets'])
    sessions[name] = session
    jobs[name + '/train'] = session.train
    return ''


def infer(name, rows):
    arrays['outputs'] = sessions[name].freeze(int(rows))
    jobs[name + '/infer'] = torch.inference_mode()(sessions[name].forward)
    return ''


def train(name):
    loss = sessions[name].train().item()
    arrays['gradient'] = sessions[name].gradient()
    return loss


def sampler(name, steps, sentences):
    session = sessions[name]
    session.sampler = torch_nets.Sampler(session, int(steps), int(sentences))
    for job, work in session.sampler.jobs().items():
        jobs[f'{name}/{job}'] = torch.inference_mode()(work)
    return ''


def law(name, step):
    arrays['law'] = sessions[name].sampler.law(arrays['noisy'], int(step))
    return ''


def timed(name, calls):
    job = jobs[name]
    begin = time.thread_time()
    for _ in range(int(calls)):
        job()
    return time.thread_time() - begin


def generator(kind, count):
    out = np.empty(int(count), np.float32)
    if kind == 'numpy-philox':
        random = np.random.Generator(np.random.Philox(1))
        jobs[kind + '/fill'] = lambda: random.random(out=out, dtype=np.float32)
    else:
        numbers = torch.from_numpy(out)
        jobs[kind + '/fill'] = numbers.normal_
    jobs[kind + '/fill']()
    arrays['numbers'] = out
    return ''


def descent(kind, dimension, runs):
    sessions[kind] = sphere.KINDS[kind](int(dimension), int(runs))
    jobs[kind + '/step'] = sessions[kind].step
    return ''


def overlaps(kind, steps):
    for _ in range(int(steps)):
        sessions[kind].step()
    arrays['overlaps'] = sessions[kind].overlaps()
    return ''


def hello():
    return f'numpy {np.__version__}' + (f', torch {torch.__version__}' if torch else '')


COMMANDS = {'hello': hello, 'put': put, 'get': lambda name: arrays[name].size, 'net': net, 'infer': infer, 'train': train,
            'sampler': sampler, 'law': law,
            'generator': generator, 'descent': descent, 'overlaps': overlaps, 'time': timed}


def main():
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        words = line.decode().split()
        try:
            out.write(f'ok {COMMANDS[words[0]](*words[1:])}\n'.encode())
            if words[0] == 'get':
                out.write(arrays[words[1]].astype(np.float32).tobytes())
        except Exception as fault:  # whatever goes wrong is the answer
            out.write(f'{type(fault).__name__}: {fault}'.replace('\n', ' ').encode() + b'\n')
        out.flush()


main()
