// node wasm.mjs <program> <argument>...: runs a WebAssembly program that asks for WASI, under Node.js 18 or newer.
import {readFile} from 'node:fs/promises';
import {WASI} from 'node:wasi';

const [, , program, ...rest] = process.argv;
const wasi = new WASI({version: 'preview1', args: [program, ...rest]});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, {wasi_snapshot_preview1: wasi.wasiImport});
process.exitCode = wasi.start(instance);
