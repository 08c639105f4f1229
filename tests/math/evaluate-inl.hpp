// Every elementary function of sixteen lanes. Included once per pass, as the kernels are.

namespace test::inline FROND_ABI::FROND_PASS {

inline void evaluate(const float (&from)[16], sixteen_results& results) {
  namespace pass = frond::FROND_PASS;
  const pass::vec x = pass::load(from);
  const pass::sine_cosine angle = pass::sin_cos_two_pi(x);
  const pass::value_and_slope gelu = pass::gelu(x);
  const pass::vec values[] = {pass::sqrt(x),     pass::exp(x), pass::log(x), pass::tanh(x), pass::erf(x), pass::sigmoid(x),
                              pass::softplus(x), angle.sine,   angle.cosine, gelu.value,    gelu.slope};
  for (std::size_t i = 0; i < function_count; ++i) pass::store(results[i], values[i]);
}

}  // namespace test::inline FROND_ABI::FROND_PASS
