/* Connected components of a graph given by its edges. */
#ifndef LMR_CORE_COMPONENTS_H
#define LMR_CORE_COMPONENTS_H

#include <stddef.h>

/* Nodes 0 .. n - 1, edges from[i] - to[i]. component[n]: 0-based, numbered in
 * the order of their first node. Returns how many there are. */
size_t components(size_t n, const int *from, const int *to, size_t edges, int *component);

#endif
