/**
 * Characters that change what a terminal shows: controls (ESC, NUL, CR and so on, DEL and C1), line and paragraph
 * separators, and those that reverse the direction of text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu

/** Foreign text for a terminal or a log: what would control the terminal is escaped (`\u001b`). */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same, but line feeds stay. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n')

/** A value as JSON on one line, for programs and terminals. */
export const printableJson = (value: unknown): string => printable(JSON.stringify(value))
