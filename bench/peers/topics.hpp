// The topics, one file each. Each registers its comparisons.
#pragma once

namespace peers {

void add_products();
void add_networks();

}  // namespace peers
