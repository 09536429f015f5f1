import { reconnectingSource, SourceRefused, type PluginLogger, type Secret, type Source } from 'streamvane/source'

export type FeedSettings = Readonly<{
  name: string
  path: string
  url: string
  token?: Secret | undefined
  logger: PluginLogger
}>

/**
 * Asks a feed for its next events, stores them, and only then says so. The feed answers JSON lines with the header
 * `x-cursor`, or 204 once nothing has come for a while, and takes the cursor by `POST …/acknowledged`.
 */
export const feedSource = ({ name, path, url, token, logger }: FeedSettings): Source => {
  const headers = (): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token.read()}` })
  const checked = (response: Response): Response => {
    if (response.ok) return response
    if (response.status === 401 || response.status === 403)
      throw new SourceRefused(`${url} does not take the token (${response.status}): change ${path}.token`)
    throw new Error(`${url} answered ${response.status}`)
  }
  return reconnectingSource({
    name,
    logger,
    connect: async ({ signal, deliver, connected, waiting }) => {
      while (!signal.aborted) {
        const response = checked(await fetch(url, { headers: headers(), signal }))
        connected()
        const body = Buffer.from(await response.arrayBuffer())
        const behind = response.headers.get('x-behind')
        if (behind !== null) waiting({ events: Number(behind) })
        const cursor = response.headers.get('x-cursor')
        if (cursor === null) continue
        await deliver({ raws: linesOf(body), origin: name })
        // Also while the source is closed: what is stored need not come again.
        checked(await fetch(`${url}/acknowledged`, { method: 'POST', headers: headers(), body: cursor }))
      }
    },
  })
}

/** The lines of a body, byte for byte. */
const linesOf = (body: Buffer): readonly Buffer[] => {
  const lines: Buffer[] = []
  for (let from = 0, to = body.indexOf(10); from < body.length; from = to + 1, to = body.indexOf(10, from)) {
    if (to < 0) to = body.length
    if (to > from) lines.push(body.subarray(from, to))
  }
  return lines
}
