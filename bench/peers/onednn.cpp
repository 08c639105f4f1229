// oneDNN: compiles a kernel for the shape and packs the second matrix beforehand.
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "rivals.hpp"

namespace peers {

namespace {

// A matrix product, ready to run. Inputs are not written to, whatever the type of the pointers says.
class ready_product {
 public:
  explicit ready_product(const product& p) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    const auto rows = static_cast<memory::dim>(p.rows), columns = static_cast<memory::dim>(p.columns),
               inner = static_cast<memory::dim>(p.inner);
    const auto described = [](memory::dim height, memory::dim width, memory::format_tag tag) {
      return memory::desc({height, width}, memory::data_type::f32, tag);
    };
    const auto row_major = memory::format_tag::ab;
    const auto a = described(rows, inner, row_major), b = described(inner, columns, row_major),
               c = described(rows, columns, row_major);
    const dnnl::matmul::primitive_desc chosen({a, described(inner, columns, memory::format_tag::any), c}, engine_);
    memory plain(b, engine_, const_cast<float*>(p.b)), packed(chosen.weights_desc(), engine_);
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    multiply_ = dnnl::matmul(chosen);
    operands_ = {{DNNL_ARG_SRC, memory(a, engine_, const_cast<float*>(p.a))},
                 {DNNL_ARG_WEIGHTS, packed},
                 {DNNL_ARG_DST, memory(c, engine_, p.c)}};
  }
  void run() {
    multiply_.execute(stream_, operands_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul multiply_;
  std::unordered_map<int, dnnl::memory> operands_;
};

}  // namespace

product_library onednn_products() {
  const dnnl_version_t* version = dnnl_version();
  return {"oneDNN matmul",
          std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' + std::to_string(version->patch),
          "second matrix packed beforehand", [](const product& p) -> std::function<void()> {
            return [ready = std::make_shared<ready_product>(p)] { ready->run(); };
          }};
}

}  // namespace peers
