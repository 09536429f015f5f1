/**
 * The digest of an interval: the sum over its rows of a number for each (row key, revision), modulo 2^40. The order of
 * the rows does not matter, and a row that changes is taken off and added again without a look at the others.
 *
 * The number is the first 40 bits of MD5, which every database and language has. 40 bits, so that the sum of eight
 * million rows still fits the 64-bit integer that databases add in, and the digest a JSON number. It finds differences
 * that happen by mistake (one in 10^12 passes); against forgery it is of no use.
 */
export const DIGEST_MODULUS = 2 ** 40

/** The first ten hexadecimal digits of `md5(key || ' ' || revision)` as a number. A row key is plain ASCII. */
export const rowNumber = (key: string, revision: number): number => {
  const text = `${key} ${revision}`
  const { length } = text
  a = A
  b = B
  c = C
  d = D
  let at = 0
  for (; at + 64 <= length; at += 64) {
    for (let word = 0; word < 16; word++) words[word] = wordAt(text, at + 4 * word)
    compress()
  }
  words.fill(0)
  let word = 0
  for (; at + 4 <= length; at += 4) words[word++] = wordAt(text, at)
  let last = 0x80
  for (let rest = length - 1; rest >= at; rest--) last = (last << 8) | asciiAt(text, rest)
  words[word++] = last
  if (word > 14) {
    compress()
    words.fill(0)
  }
  words[14] = length * 8
  compress()
  // MD5 writes its words from the lowest byte on.
  const first = ((a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24)) >>> 0
  return first * 256 + (b & 0xff)
}

export const addToDigest = (digest: number, number: number): number => (digest + number) % DIGEST_MODULUS

export const takeFromDigest = (digest: number, number: number): number =>
  (digest - number + DIGEST_MODULUS) % DIGEST_MODULUS

/** MD5 (RFC 1321): the state before the first block. */
const A = 0x67452301
const B = 0xefcdab89 | 0
const C = 0x98badcfe | 0
const D = 0x10325476

/** The state, between two calls of `compress`; and the block at hand as little-endian words. */
let a = A
let b = B
let c = C
let d = D
const words = new Int32Array(16)

const wordAt = (text: string, at: number): number =>
  asciiAt(text, at) | (asciiAt(text, at + 1) << 8) | (asciiAt(text, at + 2) << 16) | (asciiAt(text, at + 3) << 24)

const asciiAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  if (code > 127) throw new Error(`the row key in '${text}' is not plain ASCII`)
  return code
}

const SINES = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32))

/** Counts the block at hand in (RFC 1321, 3.4). The four steps of a turn differ in their roles, so they are written out. */
const compress = (): void => {
  let p = a
  let q = b
  let r = c
  let s = d
  let sum: number
  for (let step = 0; step < 16; step += 4) {
    sum = (p + ((q & r) | (~q & s)) + (SINES[step] as number) + (words[step] as number)) | 0
    p = (q + ((sum << 7) | (sum >>> 25))) | 0
    sum = (s + ((p & q) | (~p & r)) + (SINES[step + 1] as number) + (words[step + 1] as number)) | 0
    s = (p + ((sum << 12) | (sum >>> 20))) | 0
    sum = (r + ((s & p) | (~s & q)) + (SINES[step + 2] as number) + (words[step + 2] as number)) | 0
    r = (s + ((sum << 17) | (sum >>> 15))) | 0
    sum = (q + ((r & s) | (~r & p)) + (SINES[step + 3] as number) + (words[step + 3] as number)) | 0
    q = (r + ((sum << 22) | (sum >>> 10))) | 0
  }
  for (let step = 16; step < 32; step += 4) {
    sum = (p + ((s & q) | (~s & r)) + (SINES[step] as number) + (words[(5 * step + 1) & 15] as number)) | 0
    p = (q + ((sum << 5) | (sum >>> 27))) | 0
    sum = (s + ((r & p) | (~r & q)) + (SINES[step + 1] as number) + (words[(5 * step + 6) & 15] as number)) | 0
    s = (p + ((sum << 9) | (sum >>> 23))) | 0
    sum = (r + ((q & s) | (~q & p)) + (SINES[step + 2] as number) + (words[(5 * step + 11) & 15] as number)) | 0
    r = (s + ((sum << 14) | (sum >>> 18))) | 0
    sum = (q + ((p & r) | (~p & s)) + (SINES[step + 3] as number) + (words[(5 * step + 16) & 15] as number)) | 0
    q = (r + ((sum << 20) | (sum >>> 12))) | 0
  }
  for (let step = 32; step < 48; step += 4) {
    sum = (p + (q ^ r ^ s) + (SINES[step] as number) + (words[(3 * step + 5) & 15] as number)) | 0
    p = (q + ((sum << 4) | (sum >>> 28))) | 0
    sum = (s + (p ^ q ^ r) + (SINES[step + 1] as number) + (words[(3 * step + 8) & 15] as number)) | 0
    s = (p + ((sum << 11) | (sum >>> 21))) | 0
    sum = (r + (s ^ p ^ q) + (SINES[step + 2] as number) + (words[(3 * step + 11) & 15] as number)) | 0
    r = (s + ((sum << 16) | (sum >>> 16))) | 0
    sum = (q + (r ^ s ^ p) + (SINES[step + 3] as number) + (words[(3 * step + 14) & 15] as number)) | 0
    q = (r + ((sum << 23) | (sum >>> 9))) | 0
  }
  for (let step = 48; step < 64; step += 4) {
    sum = (p + (r ^ (q | ~s)) + (SINES[step] as number) + (words[(7 * step) & 15] as number)) | 0
    p = (q + ((sum << 6) | (sum >>> 26))) | 0
    sum = (s + (q ^ (p | ~r)) + (SINES[step + 1] as number) + (words[(7 * step + 7) & 15] as number)) | 0
    s = (p + ((sum << 10) | (sum >>> 22))) | 0
    sum = (r + (p ^ (s | ~q)) + (SINES[step + 2] as number) + (words[(7 * step + 14) & 15] as number)) | 0
    r = (s + ((sum << 15) | (sum >>> 17))) | 0
    sum = (q + (s ^ (r | ~p)) + (SINES[step + 3] as number) + (words[(7 * step + 21) & 15] as number)) | 0
    q = (r + ((sum << 21) | (sum >>> 11))) | 0
  }
  a = (a + p) | 0
  b = (b + q) | 0
  c = (c + r) | 0
  d = (d + s) | 0
}
