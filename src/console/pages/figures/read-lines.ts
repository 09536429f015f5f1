import { failureOf, type Answer } from '../../frame/asking/answers.js'

/**
 * Reads a list of the API as lines of JSON, told in batches as they come. `onItems` may be called often; it is not
 * called any more once the signal aborts. The answer says how many there were.
 */
export const readLines = async <T>(
  address: string,
  signal: AbortSignal,
  onItems: (items: readonly T[]) => void,
): Promise<Answer<number>> => {
  let read = 0
  try {
    const response = await fetch(address, { headers: { accept: 'application/x-ndjson' }, signal })
    if (!response.ok)
      return { ok: false, failure: failureOf(response.status, await response.json().catch(() => undefined)) }
    const pieces = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const piece = await pieces?.read()
      if (piece === undefined || piece.done) break
      const lines = (rest + piece.value).split('\n')
      rest = lines.pop() ?? ''
      if (signal.aborted) break
      if (lines.length > 0) onItems(lines.map((line) => JSON.parse(line) as T))
      read += lines.length
    }
    return { ok: true, value: read }
  } catch {
    return { ok: false, failure: { kind: 'unreachable' } }
  }
}
