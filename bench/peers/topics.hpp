// The topics, one file each. Each registers its comparisons.
#pragma once

namespace peers {

void add_products();

}  // namespace peers
