// What the larger project compiles without Nacre: its own standard, and no flag of Nacre's.
#include <type_traits>

static_assert(__cplusplus == 201703L);
#if defined(__SSE4_2__) || defined(__STRICT_ANSI__)
#error "flags of Nacre reached a target that has nothing to do with it"
#endif

int main() { return std::is_same_v<int, int> ? 0 : 1; }
