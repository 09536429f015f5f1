import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The text in at most `room` columns of a terminal; what was longer ends in `…`. */
export const cut = (text: string, room: number): string =>
  stringWidth(text) <= room ? text : `${start(text, room - 1)}…`

/** The text in lines of at most `room` columns, broken between words, and within a word that is longer than a line. */
export const wrap = (text: string, room: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (stringWidth(longer) <= room) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (stringWidth(line) > room) {
      const head = start(line, room)
      lines.push(head)
      line = line.slice(head.length)
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}

/** The longest beginning that takes at most `room` columns; one character at least. */
const start = (text: string, room: number): string => {
  let head = ''
  let taken = 0
  for (const { segment } of graphemes.segment(text)) {
    taken += stringWidth(segment)
    if (head !== '' && taken > room) break
    head += segment
  }
  return head
}
