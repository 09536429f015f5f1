/** An event of a stream of server-sent events. `id`: the last id that the stream has named. */
export type StreamEvent = Readonly<{ event: string; data: string; id: string | undefined }>

/**
 * Reads the text of a stream of server-sent events (WHATWG HTML, 9.2.6) as it comes, in pieces cut anywhere. `fetch`
 * is read with this in place of EventSource, which tells neither the status of an answer that it refuses nor the
 * comments by which a silent stream is known to live.
 */
export class EventReader {
  private rest = ''
  private event = ''
  private data: string[] = []
  private id: string | undefined

  constructor(id?: string) {
    this.id = id
  }

  /** The events that a piece completes. */
  read(piece: string): readonly StreamEvent[] {
    const text = this.rest + piece
    // A CR at the end may be the first half of a CRLF.
    const end = text.endsWith('\r') ? text.length - 1 : text.length
    const lines = text.slice(0, end).split(/\r\n|\n|\r/)
    this.rest = (lines.pop() ?? '') + text.slice(end)
    return lines.flatMap((line) => this.readLine(line))
  }

  private readLine(line: string): readonly StreamEvent[] {
    if (line === '') return this.completed()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.event = value
    if (field === 'data') this.data.push(value)
    if (field === 'id' && !value.includes('\0')) this.id = value
    return []
  }

  private completed(): readonly StreamEvent[] {
    const { event, data, id } = this
    this.event = ''
    this.data = []
    return data.length === 0 ? [] : [{ event: event === '' ? 'message' : event, data: data.join('\n'), id }]
  }
}
