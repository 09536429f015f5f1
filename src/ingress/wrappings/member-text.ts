const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

/** Place of the quote that ends the string which begins at `at`. */
const endOfString = (json: string, at: number): number => {
  for (let i = at + 1; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === BACKSLASH) i++
    else if (code === QUOTE) return i
  }
  return json.length
}

/**
 * The text of a member of an object, as it is written: an event within another document keeps its bytes. `json` is the
 * text of an object, known to be valid. Of members with the same name the last one counts, as in `JSON.parse`.
 */
export const memberText = (json: string, name: string): string | undefined => {
  let found: string | undefined
  let depth = 0
  let key: string | undefined
  let valueFrom = -1
  const end = (at: number): void => {
    if (key === name && valueFrom >= 0) found = json.slice(valueFrom, at).trim()
    key = undefined
    valueFrom = -1
  }
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) {
      const close = endOfString(json, at)
      if (depth === 1 && valueFrom < 0) key = JSON.parse(json.slice(at, close + 1)) as string
      at = close
    } else if (code === 0x7b || code === 0x5b) depth++
    else if (code === 0x7d || code === 0x5d) {
      if (--depth === 0) end(at)
    } else if (depth === 1 && code === COLON) valueFrom = at + 1
    else if (depth === 1 && code === COMMA) end(at)
  }
  return found
}
