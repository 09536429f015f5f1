import { z } from 'zod'
import { lazySink } from '../../egress/lazy-sink.js'
import { lazySource } from '../../ingress/lazy-source.js'
import { nameAt, type SinkKind, type SinkOf } from '../sinks/sink-kind.js'
import type { SourceKind, SourceOf } from '../sources/source-kind.js'
import { loadPlugin, type PackageEntry } from './load-plugin.js'

/** What a package reads its settings from. */
type Given = PackageEntry['given']

/** The kind of a sink that a package brings. It is loaded when the sink connects. */
export const packageSink = (use: string): SinkKind<unknown> => ({
  use,
  schema: z.looseObject({}),
  destination: 'service',
  place: () => use,
  open: (sink, context) => {
    const { tenant, families, acceptProgress, isReplay, logger } = context
    const name = nameAt(sink, context)
    return lazySink(name, async () => {
      const { plugin, settings } = await loadPlugin('sink', entryOf(use, sink))
      const progress = context.progressOf(name)
      return plugin.open(settings, { name, tenant, families, progress, acceptProgress, isReplay, logger })
    })
  },
})

/** The kind of a source that a package brings. It is loaded when the source starts. */
export const packageSource = (use: string): SourceKind<unknown> => ({
  use,
  schema: z.looseObject({}),
  place: () => use,
  open: (source, { tenant, logger }) =>
    lazySource(source.name, async () => {
      const { plugin, settings } = await loadPlugin('source', entryOf(use, source))
      return plugin.open(settings, { name: source.name, path: source.path, tenant, logger })
    }),
})

const entryOf = (
  use: string,
  { path, settings }: Pick<SinkOf<unknown> | SourceOf<unknown>, 'path' | 'settings'>,
): PackageEntry => ({ path, use, given: settings as Given })
