#include "kernel/isolation/child/isolated.h"

int main(int argc, char** argv) {
  return drawbridge::kernel::isolation::run_isolated(argc, argv);
}
