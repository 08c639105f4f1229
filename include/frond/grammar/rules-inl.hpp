// Sentences of a random hierarchy model, 256 at a time. Pass text: compiled once per instruction set.
//
// The symbols of one level stand in a row, sentence after sentence, just as the choices of a round do (rng/choices.hpp). So
// 64 symbols of the row and 64 choices are the numbers of 64 rules, and these rules, one after the other, continue the row of
// the level below. Rows end where the memory ends, each over the one before.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

#if FROND_PASS_LANES > 1

// The choices of a group, step by step: calls use(step, chosen), where `chosen` is 64 choices, bytes if they are part of a byte
// and otherwise an array. All rounds but the first have the same bound.
class group_choices {
 public:
  // `lines` is how many lines of the group's random bytes all rounds take together.
  group_choices(seed key, std::uint64_t group, std::uint32_t lines)
      : random_(key, rng::stream::datum, group), key_(key), group_(group), batches_((lines + 3) / 4) {}

  template <class Use>
  FROND_ALWAYS_INLINE void round(std::uint32_t count, std::uint32_t bound, const Use& use) {
    const std::uint32_t bits = rng::choice_bits(bound);
    count_ = count;
    bound_ = bound;
    if (bits == 16) {
      word_round(use);
    } else if (rng::choice_rest(bound) > 0) {
      byte_round(use);
    } else {
      switch (bits) {
        case 0: field_round<0>(use); break;
        case 1: field_round<1>(use); break;
        case 2: field_round<2>(use); break;
        case 4: field_round<4>(use); break;
        default: field_round<8>(use); break;
      }
    }
    made_ += count;
  }

 private:
  static constexpr std::uint32_t step_size = rng::choices::step_size;

  [[nodiscard]] std::uint32_t steps() const { return count_ * (rng::choices::group_size / step_size); }

  // Powers of two that fit into `Bits` bits of a byte. Four steps take `Bits` half lines.
  template <int Bits, class Use>
  FROND_ALWAYS_INLINE void field_round(const Use& use) {
    const auto mask = static_cast<std::uint8_t>(bound_ - 1);
    const int spare = Bits - (31 - __builtin_clz(bound_));
    bytes line{};
    for (std::uint32_t step = 0; step < steps(); step += 4) {
      const int used = Bits == 1 && half_line_ ? 4 : 0;
      if (Bits == 1) half_line_ = !half_line_;
      FROND_UNROLL(4) for (int i = 0; i < 4; ++i) {
        const int bit = Bits * i % 8;
        if (Bits > 0 && bit == 0) line = load(used == 0 ? next_line() : line_);
        use(step + static_cast<std::uint32_t>(i), bit_field(line, bit + used + spare, mask));
      }
    }
  }

  // Other bounds, by a whole byte that may have to be dropped.
  template <class Use>
  FROND_ALWAYS_INLINE void byte_round(const Use& use) {
    const auto rest = static_cast<std::uint8_t>(rng::choice_rest(bound_));
    for (std::uint32_t step = 0; step < steps(); ++step) {
      const wide_bytes product = multiply_wide(load(next_line()), static_cast<std::uint8_t>(bound_));
      const bytes dropped = product.low < rest;
      if (any(dropped))
        use(step, choose_again(step, product.high, dropped));
      else
        use(step, product.high);
    }
  }
  FROND_NOINLINE bytes choose_again(std::uint32_t step, const bytes& chosen, const bytes& dropped) const {
    std::uint8_t choice[step_size], again[step_size];
    store(choice, chosen);
    store(again, dropped);
    for (std::uint32_t i = 0; i < step_size; ++i)
      if (again[i] != 0) choice[i] = static_cast<std::uint8_t>(choose_again(step, i));
    return load(choice);
  }

  // Two bytes.
  template <class Use>
  void word_round(const Use& use) {
    for (std::uint32_t step = 0; step < steps(); ++step) {
      std::uint16_t chosen[step_size];
      choose_by_words(step, chosen);
      use(step, chosen);
    }
  }
  FROND_NOINLINE void choose_by_words(std::uint32_t step, std::uint16_t* chosen) {
    const std::uint32_t rest = rng::choice_rest(bound_);
    std::uint32_t product[step_size];
    const std::uint8_t* line = next_line();
    for (std::size_t i = 0; i < step_size; ++i) product[i] = line[i];
    line = next_line();
    for (std::size_t i = 0; i < step_size; ++i) product[i] = (product[i] | std::uint32_t{line[i]} << 8) * bound_;
    for (std::uint32_t i = 0; i < step_size; ++i)
      chosen[i] = static_cast<std::uint16_t>((product[i] & 0xffffu) < rest ? choose_again(step, i) : product[i] >> 16);
  }

  // Choice number i of a step.
  [[nodiscard]] std::uint32_t choose_again(std::uint32_t step, std::uint32_t i) const {
    const std::uint32_t place = step * step_size + i;
    const std::uint64_t index = group_ * rng::choices::group_size + place / count_;
    return rng::choose_again(key_, index, made_ + place % count_, bound_);
  }

  const std::uint8_t* next_line() {
    if (line_ == last_line_)
      fill();
    else
      line_ += step_size;
    return line_;
  }
  // A batch is four lines. Three of them take longer one by one than four at once.
  FROND_NOINLINE void fill() {
    const std::size_t batches = batches_ > 2 ? bits_batches : 1;
    if (batches == 1)
      fill_batches<bits_of_words, 1>(random_, position_, lines_);
    else
      fill_batches<bits_of_words, bits_batches>(random_, position_, lines_);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (std::size_t i = 0; i < batch_bytes * batches; i += 4) {
      std::uint32_t word;
      __builtin_memcpy(&word, lines_ + i, sizeof word);
      word = __builtin_bswap32(word);
      __builtin_memcpy(lines_ + i, &word, sizeof word);
    }
#endif
    position_ += static_cast<std::uint32_t>(16 * batches);
    batches_ -= batches_ < batches ? batches_ : static_cast<std::uint32_t>(batches);
    line_ = lines_;
    last_line_ = lines_ + batch_bytes * batches - step_size;
  }

  rng::address random_;
  seed key_;
  std::uint64_t group_;
  std::uint32_t batches_, position_ = 0;
  std::uint32_t count_ = 0, bound_ = 1;                        // of the round
  std::uint32_t made_ = 0;                                     // choices of a datum before it
  bool half_line_ = false;                                     // one bit decides, and four of line_ are left
  const std::uint8_t *line_ = nullptr, *last_line_ = nullptr;  // the one in use, and the last that is there
  alignas(64) std::uint8_t lines_[bits_batches * batch_bytes];
};

// How steps become symbols of the level below. Pairs of symbols: rule numbers are below 64, and above the lowest level the
// symbols in the table, and so in the rows, are multiplied by the number of rules that a symbol has.
struct pair_expansion {
  pair_table table;
  const symbol* parents;
  symbol* children;

  FROND_ALWAYS_INLINE void operator()(std::uint32_t step, const bytes& chosen) const {
    store_pairs(children + std::size_t{128} * step, table, load(parents + std::size_t{64} * step) + chosen);
  }
  void operator()(std::uint32_t step, const std::uint16_t* chosen) const {
    std::uint8_t narrow[64];
    for (std::size_t i = 0; i < 64; ++i) narrow[i] = static_cast<std::uint8_t>(chosen[i]);
    (*this)(step, load(narrow));
  }
};

// Any rules: copied one by one.
struct rule_expansion {
  const symbol* rules;
  std::uint32_t synonyms, branching;
  const symbol* parents;
  symbol* children;

  FROND_NOINLINE void operator()(std::uint32_t step, const std::uint16_t* chosen) const {
    const symbol* from = parents + std::size_t{64} * step;
    std::uint16_t numbers[64];
    for (std::size_t i = 0; i < 64; ++i) numbers[i] = static_cast<std::uint16_t>(from[i] * synonyms + chosen[i]);
    symbol* to = children + std::size_t{64} * step * branching;
    switch (branching) {
      case 2: return copy<2>(numbers, to);
      case 3: return copy<3>(numbers, to);
      case 4: return copy<4>(numbers, to);
      default: return copy<0>(numbers, to);
    }
  }
  FROND_NOINLINE void operator()(std::uint32_t step, const bytes& chosen) const {
    std::uint8_t narrow[64];
    std::uint16_t wide[64];
    store(narrow, chosen);
    for (std::size_t i = 0; i < 64; ++i) wide[i] = narrow[i];
    (*this)(step, wide);
  }

 private:
  // Branching is 0 if it is not known here.
  template <std::size_t Branching>
  void copy(const std::uint16_t* numbers, symbol* to) const {
    const std::size_t size = Branching == 0 ? branching : Branching;
    const symbol* const from = rules;
    for (std::size_t i = 0; i < 64; ++i, to += size) {
      const symbol* rule = from + numbers[i] * size;
      if constexpr (Branching == 0)
        for (std::size_t j = 0; j < size; ++j) to[j] = rule[j];
      else
        __builtin_memcpy(to, rule, Branching);
    }
  }
};

// The tables of all levels as pair_expansion takes them.
class rule_pairs {
 public:
  static bool fit(const grammar::rule_tables& t) {
    return has_pair_tables && t.branching == 2 && t.vocabulary * t.synonyms <= 64 && t.depth <= max_depth;
  }
  explicit rule_pairs(const grammar::rule_tables& t) {
    for (std::uint32_t level = 1; level <= t.depth; ++level) {
      std::uint8_t* pairs = pairs_[level - 1];
      __builtin_memset(pairs, 0, sizeof pairs_[0]);
      const std::uint32_t rules = level == t.depth ? t.top_rules : t.vocabulary * t.synonyms,
                          scale = level == 1 ? 1 : t.synonyms;
      for (std::uint32_t i = 0; i < 2 * rules; ++i) pairs[i] = static_cast<std::uint8_t>(t.level(level)[i] * scale);
      arrange_pairs(pairs);
    }
  }
  const std::uint8_t* level(std::uint32_t number) const { return pairs_[number - 1]; }

 private:
  static constexpr std::uint32_t max_depth = 24;
  alignas(64) std::uint8_t pairs_[max_depth][128];
};

// One group of sentences, which end at `end`. Short rows are kept apart from the sentences, which are then written once and in
// order. expansion(level, parents, children) makes one of the structs above.
template <class MakeExpansion>
inline void sample_group(const grammar::rule_tables& t, group_choices& choices, std::size_t length, symbol* end,
                         const MakeExpansion& expansion) {
  constexpr std::size_t group_size = rng::choices::group_size;
  alignas(64) symbol rows[64 * group_size];
  symbol* const row_end = group_size * (length / t.branching) <= sizeof rows ? rows + sizeof rows : end;
  __builtin_memset(row_end - group_size, 0, group_size);  // the rules of the top level are numbered without a parent
  std::uint32_t count = 1;
  for (std::uint32_t level = t.depth; level > 0; --level) {
    const symbol* parents = row_end - group_size * count;
    symbol* children = (level == 1 ? end : row_end) - group_size * count * t.branching;
    choices.round(count, level == t.depth ? t.top_rules : t.synonyms, expansion(level, parents, children));
    count *= t.branching;
  }
}

inline void sample_rules(const grammar::rule_tables& t, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  std::size_t length = 1, nodes = 0;
  for (std::uint32_t level = 0; level < t.depth; ++level, length *= t.branching) nodes += length;
  const std::uint32_t lines = rng::choice_lines(t.top_rules, t.synonyms, nodes);
  const std::size_t group_length = rng::choices::group_size * length;
  if (rule_pairs::fit(t)) {
    const rule_pairs pairs(t);
    for (std::size_t group = 0; group < groups; ++group) {
      group_choices choices(key, first_group + group, lines);
      sample_group(t, choices, length, out + (group + 1) * group_length,
                   [&](std::uint32_t level, const symbol* parents, symbol* children) {
                     return pair_expansion{load_pairs(pairs.level(level)), parents, children};
                   });
    }
  } else {
    for (std::size_t group = 0; group < groups; ++group) {
      group_choices choices(key, first_group + group, lines);
      sample_group(t, choices, length, out + (group + 1) * group_length,
                   [&](std::uint32_t level, const symbol* parents, symbol* children) {
                     return rule_expansion{t.level(level), t.synonyms, t.branching, parents, children};
                   });
    }
  }
}

#else

inline void sample_rules(const grammar::rule_tables& t, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  grammar::plain::sample_rules(t, key, first_group, groups, out);
}

#endif

}}}  // namespace frond::FROND_PASS
