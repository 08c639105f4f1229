// The topics, one file each. Each registers its comparisons.
#pragma once

namespace peers {

void add_products();
void add_networks();
void add_sampling();
void add_grammar();
void add_random_numbers();
void add_sphere();
void add_threads();
void add_backends();

}  // namespace peers
