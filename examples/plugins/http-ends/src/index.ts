import { z } from 'zod'
import { atLeastOnceSink, type Secret, type SinkPlugin } from 'streamvane/sink'
import type { SourcePlugin } from 'streamvane/source'
import { collector } from './collector.js'
import { feedSource } from './feed-source.js'

const url = z.url({ protocol: /^https?$/ })
/** `token: { file: … }` or `{ env: … }` in the configuration; read at every use, so that it can be rotated. */
const token = z.custom<Secret>((value) => typeof value === 'object' && value !== null && 'read' in value)

const sinkSettings = z.strictObject({
  url,
  token: token.optional(),
  /** A request that takes longer is given up and sent again. */
  timeoutMs: z.int().min(1).default(30_000),
})

/** Rows to a collector that takes JSON lines. It keeps no progress for us, so it gets rows at least once. */
export const sink: SinkPlugin<z.infer<typeof sinkSettings>> = {
  port: 1,
  settings: sinkSettings,
  place: ({ url: to }) => to,
  open: (settings, { name, progress, acceptProgress }) =>
    atLeastOnceSink({ name, destination: collector(settings), progress, acceptProgress }),
}

const sourceSettings = z.strictObject({ url, token: token.optional() })

/** Raw events from a feed that is asked for the next ones and told which have arrived. */
export const source: SourcePlugin<z.infer<typeof sourceSettings>> = {
  port: 1,
  settings: sourceSettings,
  place: ({ url: from }) => from,
  open: (settings, { name, path, logger }) => feedSource({ ...settings, name, path, logger }),
}
