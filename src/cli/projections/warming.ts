import { withFacts } from '../../app/pipeline/facts/open-feed.js'
import type { CatchUpOptions } from '../../app/operations/generations/catch-up.js'
import type { Context } from '../command/context.js'
import { progressBar } from '../command/progress.js'

/** Raw events between two appends of a rebuild. History needs no intermediate revisions, so the batch is large. */
const REBUILD_BATCH = 50_000

/** Runs work that projects a generation beside the live one, with progress on stderr. */
export const warming = async <T>(
  title: string,
  { config, logs, logger, signal }: Context,
  waitSeconds: number,
  work: (options: CatchUpOptions) => Promise<T>,
): Promise<T> => {
  const raw = await logs.raw('reader')
  const head = await raw.head()
  const bar = progressBar(title, head === undefined ? undefined : Number(head), { unit: 'events', logger })
  try {
    return await withFacts(config, logger, (facts) =>
      work({
        tenant: config.tenant,
        logs,
        data: config.data,
        raw,
        facts,
        batchMax: REBUILD_BATCH,
        untilCaughtUp: true,
        waitMs: waitSeconds * 1_000,
        signal,
        logger,
        now: Date.now,
        onProgress: ({ position, rows }) => bar.update(Number(position), `${rows} rows`),
      }),
    )
  } finally {
    bar.stop()
  }
}
