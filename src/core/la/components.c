#include "core/la/components.h"

/* The root of a node; every second node on the way is moved closer to it. */
static int root(int *parent, int i) {
  while (parent[i] != i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

size_t components(size_t n, const int *from, const int *to, size_t edges, int *component) {
  for (size_t i = 0; i < n; i++) component[i] = (int)i;
  for (size_t i = 0; i < edges; i++) {
    const int a = root(component, from[i]), b = root(component, to[i]);
    /* The smaller index stays the root: it is the first of its component. */
    if (a < b) component[b] = a;
    else component[a] = b;
  }
  for (size_t i = 0; i < n; i++) component[i] = root(component, (int)i);
  /* A root comes before its members, so their numbers are read from it. */
  int count = 0;
  for (size_t i = 0; i < n; i++)
    component[i] = component[i] == (int)i ? count++ : component[component[i]];
  return (size_t)count;
}
