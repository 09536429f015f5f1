/**
 * Numbers that `JSON.parse` cannot hold: 2^53 + 1 becomes 2^53, 1e400 becomes Infinity (which is written as null),
 * 1e-400 becomes 0, and JSON.stringify writes −0 as 0. Two events that differ only in such a number are two facts, so
 * the identity of an event is made of the number as it is written. Other numbers keep the spelling of JavaScript:
 * `1.0`, `1` and `1e0` are the same.
 */

/**
 * Matches every text with a number that may not be held: minus zero, 16 digits or more, or an exponent. It may match
 * within strings, so what it finds is only a reason to look closer. One to two microseconds for an event.
 */
const CANDIDATE = /[:,[\s](?:-0|-?\d[\d.]{15,}|-?\d[\d.]*[eE])/

export const mayHoldInexactNumber = (text: string): boolean => CANDIDATE.test(text)

const NUMBER = /(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/y
/** Exponents with more digits are not added up; they are compared as they are written. */
const EXPONENT_DIGITS_MAX = 18

/** Sign, significant digits and exponent of a decimal number: the same for every spelling of the same number. */
const normalised = (literal: string): string => {
  NUMBER.lastIndex = 0
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(literal) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return `${sign}0`
  const shift = digits.length - significant.length - fraction.length
  return exponent.length > EXPONENT_DIGITS_MAX
    ? `${sign}${significant}e${exponent}${shift < 0 ? '' : '+'}${shift}`
    : `${sign}${significant}e${BigInt(exponent) + BigInt(shift)}`
}

/** The exact form of a number that JavaScript does not hold; `undefined` for one that it does. */
const exactForm = (literal: string): string | undefined => {
  const exact = normalised(literal)
  const value = Number(literal)
  return Number.isFinite(value) && !Object.is(value, -0) && normalised(String(value)) === exact ? undefined : exact
}

/** `json` with every number that JavaScript does not hold as a string: `mark` and its exact form. */
export const withMarkedNumbers = (json: string, mark: string): string => {
  let marked = ''
  let from = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === 0x22) at = endOfString(json, at)
    else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = at
      const literal = NUMBER.exec(json)?.[0] ?? '-'
      const exact = exactForm(literal)
      if (exact !== undefined) {
        marked += `${json.slice(from, at)}"${mark}${exact}"`
        from = at + literal.length
      }
      at += literal.length - 1
    }
  }
  return marked + json.slice(from)
}

/** Place of the quote that ends the string which begins at `at`. */
const endOfString = (json: string, at: number): number => {
  for (let i = at + 1; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === 0x5c) i++
    else if (code === 0x22) return i
  }
  return json.length
}

/** A mark that no string of `canonical` holds. */
export const markFor = (canonical: string): string => {
  let mark = '#exact:'
  while (canonical.includes(mark)) mark = `#${mark}`
  return mark
}

/** Canonical JSON with its marked strings as the numbers they stand for. */
export const withoutMarks = (canonical: string, mark: string): string =>
  canonical.replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1')
