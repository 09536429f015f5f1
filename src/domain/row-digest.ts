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

const rotated = (bits: number, by: number): number => (bits << by) | (bits >>> (32 - by))

/**
 * Counts the block at hand in (RFC 1321, 3.4). The steps are written out, with their constants, because the fold hashes
 * every row of a closed interval: as loops over tables they take more than twice the time.
 */
const compress = (): void => {
  let p = a
  let q = b
  let r = c
  let s = d
  const w0 = words[0] as number
  const w1 = words[1] as number
  const w2 = words[2] as number
  const w3 = words[3] as number
  const w4 = words[4] as number
  const w5 = words[5] as number
  const w6 = words[6] as number
  const w7 = words[7] as number
  const w8 = words[8] as number
  const w9 = words[9] as number
  const w10 = words[10] as number
  const w11 = words[11] as number
  const w12 = words[12] as number
  const w13 = words[13] as number
  const w14 = words[14] as number
  const w15 = words[15] as number

  // Round 1.
  p = (q + rotated((p + (s ^ (q & (r ^ s))) + w0 - 680876936) | 0, 7)) | 0
  s = (p + rotated((s + (r ^ (p & (q ^ r))) + w1 - 389564586) | 0, 12)) | 0
  r = (s + rotated((r + (q ^ (s & (p ^ q))) + w2 + 606105819) | 0, 17)) | 0
  q = (r + rotated((q + (p ^ (r & (s ^ p))) + w3 - 1044525330) | 0, 22)) | 0
  p = (q + rotated((p + (s ^ (q & (r ^ s))) + w4 - 176418897) | 0, 7)) | 0
  s = (p + rotated((s + (r ^ (p & (q ^ r))) + w5 + 1200080426) | 0, 12)) | 0
  r = (s + rotated((r + (q ^ (s & (p ^ q))) + w6 - 1473231341) | 0, 17)) | 0
  q = (r + rotated((q + (p ^ (r & (s ^ p))) + w7 - 45705983) | 0, 22)) | 0
  p = (q + rotated((p + (s ^ (q & (r ^ s))) + w8 + 1770035416) | 0, 7)) | 0
  s = (p + rotated((s + (r ^ (p & (q ^ r))) + w9 - 1958414417) | 0, 12)) | 0
  r = (s + rotated((r + (q ^ (s & (p ^ q))) + w10 - 42063) | 0, 17)) | 0
  q = (r + rotated((q + (p ^ (r & (s ^ p))) + w11 - 1990404162) | 0, 22)) | 0
  p = (q + rotated((p + (s ^ (q & (r ^ s))) + w12 + 1804603682) | 0, 7)) | 0
  s = (p + rotated((s + (r ^ (p & (q ^ r))) + w13 - 40341101) | 0, 12)) | 0
  r = (s + rotated((r + (q ^ (s & (p ^ q))) + w14 - 1502002290) | 0, 17)) | 0
  q = (r + rotated((q + (p ^ (r & (s ^ p))) + w15 + 1236535329) | 0, 22)) | 0

  // Round 2.
  p = (q + rotated((p + (r ^ (s & (q ^ r))) + w1 - 165796510) | 0, 5)) | 0
  s = (p + rotated((s + (q ^ (r & (p ^ q))) + w6 - 1069501632) | 0, 9)) | 0
  r = (s + rotated((r + (p ^ (q & (s ^ p))) + w11 + 643717713) | 0, 14)) | 0
  q = (r + rotated((q + (s ^ (p & (r ^ s))) + w0 - 373897302) | 0, 20)) | 0
  p = (q + rotated((p + (r ^ (s & (q ^ r))) + w5 - 701558691) | 0, 5)) | 0
  s = (p + rotated((s + (q ^ (r & (p ^ q))) + w10 + 38016083) | 0, 9)) | 0
  r = (s + rotated((r + (p ^ (q & (s ^ p))) + w15 - 660478335) | 0, 14)) | 0
  q = (r + rotated((q + (s ^ (p & (r ^ s))) + w4 - 405537848) | 0, 20)) | 0
  p = (q + rotated((p + (r ^ (s & (q ^ r))) + w9 + 568446438) | 0, 5)) | 0
  s = (p + rotated((s + (q ^ (r & (p ^ q))) + w14 - 1019803690) | 0, 9)) | 0
  r = (s + rotated((r + (p ^ (q & (s ^ p))) + w3 - 187363961) | 0, 14)) | 0
  q = (r + rotated((q + (s ^ (p & (r ^ s))) + w8 + 1163531501) | 0, 20)) | 0
  p = (q + rotated((p + (r ^ (s & (q ^ r))) + w13 - 1444681467) | 0, 5)) | 0
  s = (p + rotated((s + (q ^ (r & (p ^ q))) + w2 - 51403784) | 0, 9)) | 0
  r = (s + rotated((r + (p ^ (q & (s ^ p))) + w7 + 1735328473) | 0, 14)) | 0
  q = (r + rotated((q + (s ^ (p & (r ^ s))) + w12 - 1926607734) | 0, 20)) | 0

  // Round 3.
  p = (q + rotated((p + (q ^ r ^ s) + w5 - 378558) | 0, 4)) | 0
  s = (p + rotated((s + (p ^ q ^ r) + w8 - 2022574463) | 0, 11)) | 0
  r = (s + rotated((r + (s ^ p ^ q) + w11 + 1839030562) | 0, 16)) | 0
  q = (r + rotated((q + (r ^ s ^ p) + w14 - 35309556) | 0, 23)) | 0
  p = (q + rotated((p + (q ^ r ^ s) + w1 - 1530992060) | 0, 4)) | 0
  s = (p + rotated((s + (p ^ q ^ r) + w4 + 1272893353) | 0, 11)) | 0
  r = (s + rotated((r + (s ^ p ^ q) + w7 - 155497632) | 0, 16)) | 0
  q = (r + rotated((q + (r ^ s ^ p) + w10 - 1094730640) | 0, 23)) | 0
  p = (q + rotated((p + (q ^ r ^ s) + w13 + 681279174) | 0, 4)) | 0
  s = (p + rotated((s + (p ^ q ^ r) + w0 - 358537222) | 0, 11)) | 0
  r = (s + rotated((r + (s ^ p ^ q) + w3 - 722521979) | 0, 16)) | 0
  q = (r + rotated((q + (r ^ s ^ p) + w6 + 76029189) | 0, 23)) | 0
  p = (q + rotated((p + (q ^ r ^ s) + w9 - 640364487) | 0, 4)) | 0
  s = (p + rotated((s + (p ^ q ^ r) + w12 - 421815835) | 0, 11)) | 0
  r = (s + rotated((r + (s ^ p ^ q) + w15 + 530742520) | 0, 16)) | 0
  q = (r + rotated((q + (r ^ s ^ p) + w2 - 995338651) | 0, 23)) | 0

  // Round 4.
  p = (q + rotated((p + (r ^ (q | ~s)) + w0 - 198630844) | 0, 6)) | 0
  s = (p + rotated((s + (q ^ (p | ~r)) + w7 + 1126891415) | 0, 10)) | 0
  r = (s + rotated((r + (p ^ (s | ~q)) + w14 - 1416354905) | 0, 15)) | 0
  q = (r + rotated((q + (s ^ (r | ~p)) + w5 - 57434055) | 0, 21)) | 0
  p = (q + rotated((p + (r ^ (q | ~s)) + w12 + 1700485571) | 0, 6)) | 0
  s = (p + rotated((s + (q ^ (p | ~r)) + w3 - 1894986606) | 0, 10)) | 0
  r = (s + rotated((r + (p ^ (s | ~q)) + w10 - 1051523) | 0, 15)) | 0
  q = (r + rotated((q + (s ^ (r | ~p)) + w1 - 2054922799) | 0, 21)) | 0
  p = (q + rotated((p + (r ^ (q | ~s)) + w8 + 1873313359) | 0, 6)) | 0
  s = (p + rotated((s + (q ^ (p | ~r)) + w15 - 30611744) | 0, 10)) | 0
  r = (s + rotated((r + (p ^ (s | ~q)) + w6 - 1560198380) | 0, 15)) | 0
  q = (r + rotated((q + (s ^ (r | ~p)) + w13 + 1309151649) | 0, 21)) | 0
  p = (q + rotated((p + (r ^ (q | ~s)) + w4 - 145523070) | 0, 6)) | 0
  s = (p + rotated((s + (q ^ (p | ~r)) + w11 - 1120210379) | 0, 10)) | 0
  r = (s + rotated((r + (p ^ (s | ~q)) + w2 + 718787259) | 0, 15)) | 0
  q = (r + rotated((q + (s ^ (r | ~p)) + w9 - 343485551) | 0, 21)) | 0

  a = (a + p) | 0
  b = (b + q) | 0
  c = (c + r) | 0
  d = (d + s) | 0
}
