#include "core/genotype/bgen_block.h"

#include <math.h>
#include <string.h>

enum { HEAD = 8, MISSING = 0x80, COPIES = 0x3f };
#define ABSENT UINT64_MAX
#define TOO_MUCH (UINT64_MAX - 1)

static uint32_t u16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const uint8_t *p) { return u16(p) | u16(p + 2) << 16; }

/* Probabilities that are stored of a sample: all but the last. */
static unsigned stored(unsigned copies, unsigned alleles, int phased) {
  if (copies == 0) return 0;
  if (phased || copies == 1) return copies * (alleles - 1);
  return alleles * (alleles + 1) / 2 - 1;
}

/* Whether everybody has two copies; eight at a time. */
static int all_two(const uint8_t *ploidy, size_t n) {
  uint64_t other = 0;
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    uint64_t eight;
    memcpy(&eight, ploidy + i, 8);
    other |= eight ^ UINT64_C(0x0202020202020202);
  }
  for (; i < n; i++) other |= (uint64_t)ploidy[i] ^ 2u;
  return !(other & ~(UINT64_C(0x0101010101010101) * MISSING));
}

lmr_status bgen_block_open(bgen_block *block, const uint8_t *bytes, size_t size, size_t n, unsigned alleles, lmr_error *err) {
  if (size < HEAD + n + 2) return lmr_fail(err, LMR_EFORMAT, "its genotypes are too short");
  if (u32(bytes) != n) return lmr_fail(err, LMR_EFORMAT, "it has genotypes of %u samples, not %zu", u32(bytes), n);
  if (u16(bytes + 4) != alleles)
    return lmr_fail(err, LMR_EFORMAT, "its genotypes are of %u alleles, not %u", u16(bytes + 4), alleles);
  const unsigned least = bytes[6], most = bytes[7];
  *block = (bgen_block){.n = n, .alleles = alleles, .ploidy = bytes + HEAD, .packed = bytes + HEAD + n + 2,
                        .packed_size = size - HEAD - n - 2, .bits = bytes[HEAD + n + 1]};
  const unsigned phased = bytes[HEAD + n];
  if (most > COPIES || least > most) return lmr_fail(err, LMR_EFORMAT, "it says %u to %u copies", least, most);
  if (phased > 1) return lmr_fail(err, LMR_EFORMAT, "it is neither phased nor unphased");
  block->phased = (int)phased;
  if (block->bits < 1 || block->bits > 32) return lmr_fail(err, LMR_EFORMAT, "it has probabilities of %u bits", block->bits);
  size_t count[4] = {0};
  const int other = least > 2 || most < 2 || !all_two(block->ploidy, n);
  if (!other) count[2] = n;
  for (size_t i = 0; other && i < n; i++) {
    const unsigned copies = block->ploidy[i] & COPIES;
    if (copies < least || copies > most || block->ploidy[i] & 0x40)
      return lmr_fail(err, LMR_EFORMAT, "sample %zu has %u copies, of %u to %u", i + 1, copies, least, most);
    count[copies > 2 ? 3 : copies]++;
  }
  if (count[3])
    return lmr_fail(err, LMR_EFORMAT, "%zu %s more than two copies of it, and one or two are read", count[3],
                    count[3] == 1 ? "sample has" : "samples have");
  block->all_diploid = count[2] == n;
  uint64_t fields = 0;
  for (unsigned copies = 1; copies < 3; copies++)
    fields += (uint64_t)count[copies] * stored(copies, alleles, block->phased);
  if (block->packed_size != (fields * block->bits + 7) / 8)
    return lmr_fail(err, LMR_EFORMAT, "its probabilities have %zu bytes, not %llu", block->packed_size,
                    (unsigned long long)((fields * block->bits + 7) / 8));
  return LMR_OK;
}

/* Field `at` (in bits from the start) of up to 32 bits, the lowest first. */
static uint64_t field(const bgen_block *block, uint64_t at) {
  const size_t byte = (size_t)(at / 8), left = block->packed_size - byte;
  uint64_t word = 0;
  for (size_t b = 0; b < 5 && b < left; b++) word |= (uint64_t)block->packed[byte + b] << 8 * b;
  return word >> at % 8 & bgen_scale(block);
}

/* One haplotype: the numerator of `allele`, all probabilities together in *sum. */
static uint64_t haplotype(const bgen_block *block, uint64_t *at, unsigned allele, uint64_t *sum) {
  uint64_t found = 0;
  *sum = 0;
  for (unsigned k = 0; k + 1 < block->alleles; k++, *at += block->bits) {
    const uint64_t p = field(block, *at);
    *sum += p;
    if (k == allele) found = p;
  }
  return allele + 1 == block->alleles ? bgen_scale(block) - *sum : found;
}

/* Unordered pairs (0,0), (0,1), (1,1), (0,2), ... but the last. */
static uint64_t pair(const bgen_block *block, uint64_t *at, unsigned allele, uint64_t *sum) {
  uint64_t found = 0;
  const unsigned last = block->alleles - 1;
  *sum = 0;
  for (unsigned j = 0; j <= last; j++)
    for (unsigned i = 0; i <= j && !(i == last && j == last); i++, *at += block->bits) {
      const uint64_t p = field(block, *at);
      *sum += p;
      found += p * ((i == allele) + (j == allele));
    }
  return allele == last ? found + 2 * (bgen_scale(block) - *sum) : found;
}

/* The numerator of sample i, from bit *at, which it moves on; ABSENT, TOO_MUCH. */
static uint64_t numerator(const bgen_block *block, size_t i, unsigned allele, uint64_t *at) {
  const unsigned copies = block->ploidy[i] & COPIES;
  if (block->ploidy[i] & MISSING || copies == 0) {
    *at += (uint64_t)stored(copies, block->alleles, block->phased) * block->bits;
    return ABSENT;
  }
  uint64_t sum, other = 0;
  uint64_t k = copies == 2 && !block->phased ? pair(block, at, allele, &sum) : haplotype(block, at, allele, &sum);
  if (copies == 1) k *= 2;
  if (copies == 2 && block->phased) k += haplotype(block, at, allele, &other);
  return sum > bgen_scale(block) || other > bgen_scale(block) ? TOO_MUCH : k;
}

static lmr_status too_much(size_t i, lmr_error *err) {
  return lmr_fail(err, LMR_EFORMAT, "the probabilities of sample %zu are more than 1", i + 1);
}

/* Two copies, two alleles, whole bytes: what nearly all files have. The two fields of a sample
 * are P(11) and P(12), or P(1) of each haplotype: 2 copies less 2 P11 + P12, or less
 * their sum. Not 1 when a sum of probabilities is above the scale, which a missing one's may be.
 * So many samples at once, a number that the compiler knows, become instructions on vectors. VALUE
 * is of out[i], the copies less 1 in steps, or ABSENT. */
enum { LANES = 16 };
#define FAST(NAME, INT, BYTES, READ, ABSENT, TO, VALUE)                                               \
  static inline void NAME##_some(const bgen_block *block, size_t first, size_t count, const double *table, INT *most, TO *to) { \
    const uint8_t *p = block->packed + 2 * BYTES * first, *ploidy = block->ploidy + first;             \
    const INT scale = (INT)bgen_scale(block), twice = block->phased ? 1 : 2;                           \
    INT out[LANES];                                                                                    \
    (void)table;                                                                                       \
    for (size_t i = 0; i < count; i++) {                                                               \
      const INT a = READ(p + 2 * BYTES * i), b = READ(p + (2 * i + 1) * BYTES), sum = (INT)(a + b);    \
      most[i] = sum > most[i] ? sum : most[i];                                                         \
      out[i] = ploidy[i] & MISSING ? ABSENT : (INT)(scale - twice * a - b);                            \
    }                                                                                                  \
    for (size_t i = 0; i < count; i++) to[first + i] = VALUE;                                          \
  }                                                                                                    \
  static int NAME(const bgen_block *block, const double *table, TO *to) {                              \
    INT most[LANES] = {0}, top = 0;                                                                    \
    size_t i = 0;                                                                                      \
    for (; block->n - i >= LANES; i += LANES) NAME##_some(block, i, LANES, table, most, to);           \
    NAME##_some(block, i, block->n - i, table, most, to);                                              \
    for (i = 0; i < LANES; i++) top = most[i] > top ? most[i] : top;                                   \
    return block->phased || (uint64_t)top <= bgen_scale(block);                                        \
  }
#define BYTE(p) (*(p))
#define TWO_BYTES(p) ((int32_t)u16(p))
enum { SCALE_8 = 255, ABSENT_8 = -2 * SCALE_8 - 1 }; /* copies less 1 are from -2 SCALE_8, of impossible ones, to SCALE_8 */
FAST(from_table_8, int16_t, 1, BYTE, ABSENT_8, double, table[out[i]])
FAST(values_16, int32_t, 2, TWO_BYTES, INT32_MIN, double, out[i] == INT32_MIN ? NAN : (double)(out[i] + scale) / (double)scale)
FAST(dosages_8, int16_t, 1, BYTE, INT16_MIN, int16_t, out[i])

static int values_8(const bgen_block *block, double *to) {
  double table[SCALE_8 - ABSENT_8 + 1] = {NAN};
  for (int k = ABSENT_8 + 1; k <= SCALE_8; k++) table[k - ABSENT_8] = (double)(k + SCALE_8) / SCALE_8;
  return from_table_8(block, table - ABSENT_8, to);
}

static int is_plain(const bgen_block *block) { return block->all_diploid && block->alleles == 2; }

lmr_status bgen_block_values(const bgen_block *block, unsigned allele, double *to, lmr_error *err) {
  if (allele >= block->alleles) return lmr_fail(err, LMR_EINVAL, "allele %u of %u", allele + 1, block->alleles);
  const int fast = is_plain(block) && allele == 1;
  if (fast && block->bits == 8 && values_8(block, to)) return LMR_OK;
  if (fast && block->bits == 16 && values_16(block, NULL, to)) return LMR_OK;
  uint64_t at = 0;
  for (size_t i = 0; i < block->n; i++) {
    const uint64_t k = numerator(block, i, allele, &at);
    if (k == TOO_MUCH) return too_much(i, err);
    to[i] = k == ABSENT ? NAN : (double)k / (double)bgen_scale(block);
  }
  return LMR_OK;
}

lmr_status bgen_block_dosages(const bgen_block *block, unsigned allele, int16_t *to, lmr_error *err) {
  if (allele >= block->alleles || block->bits > BGEN_DOSAGE_BITS)
    return lmr_fail(err, LMR_EINVAL, "allele %u of %u, %u bits", allele + 1, block->alleles, block->bits);
  if (is_plain(block) && allele == 1 && block->bits == 8 && dosages_8(block, NULL, to)) return LMR_OK;
  uint64_t at = 0;
  for (size_t i = 0; i < block->n; i++) {
    const uint64_t k = numerator(block, i, allele, &at);
    if (k == TOO_MUCH) return too_much(i, err);
    to[i] = k == ABSENT ? INT16_MIN : (int16_t)((int64_t)k - (int64_t)bgen_scale(block));
  }
  return LMR_OK;
}
