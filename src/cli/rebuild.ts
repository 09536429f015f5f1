import type { Command } from 'commander'
import Table from 'cli-table3'
import { loadProfile } from '../app/config/load.js'
import { rebuild } from '../app/operations/rebuild.js'
import { command, type CommonFlags } from './command.js'
import { configOf, withContext } from './context.js'
import { EXIT } from './exit.js'
import { progressBar } from './progress.js'
import { summaries } from './summaries.js'

type Flags = CommonFlags & Readonly<{ profile?: string; promote?: boolean; json?: boolean }>

/** Raw events between two appends of a rebuild. History needs no intermediate revisions, so the batch is large. */
const REBUILD_BATCH = 50_000

export const rebuildCommand = (): Command =>
  command('rebuild', summaries.rebuild, [
    'streamvane rebuild',
    'streamvane rebuild --profile new-profile.yaml --promote',
    'streamvane rebuild --json | jq "select(.same | not)"',
  ])
    .option('--profile <file>', 'compute by this profile (default: the configured one)')
    .option('--promote', 'publish the new generation from now on; a running egress switches to it')
    .option('--json', 'one JSON object an interval')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const profile = flags.profile === undefined ? config.profile : loadProfile(flags.profile)
      await withContext('rebuild', config, async ({ logs, logger, signal }) => {
        const raw = await logs.raw('reader')
        const head = await raw.head()
        const bar = progressBar('rebuild', head === undefined ? undefined : Number(head))
        const outcome = await rebuild({
          tenant: config.tenant,
          profile,
          logs,
          data: config.data,
          raw,
          batchMax: REBUILD_BATCH,
          untilCaughtUp: true,
          signal,
          logger,
          now: Date.now,
          promote: flags.promote === true,
          onProgress: ({ position, rows }) => bar.update(Number(position), `${rows} rows`),
        }).finally(() => bar.stop())
        const { before, generation, differences, notCompared, promoted } = outcome
        const different = differences.filter(({ same }) => !same)
        if (flags.json === true)
          for (const { start, before: old, after, same } of differences)
            console.log(
              JSON.stringify({
                intervalStart: new Date(start).toISOString(),
                same,
                before: old ?? null,
                after: after ?? null,
              }),
            )
        else if (notCompared === undefined) {
          const table = new Table({
            head: ['interval (UTC)', `${before ?? 'none'}: rows`, 'digest', `${generation.name}: rows`, 'digest', ''],
            style: { head: [], border: [] },
          })
          for (const { start, before: old, after, same } of differences)
            table.push([
              new Date(start).toISOString(),
              old?.rows ?? '',
              old?.digest ?? '',
              after?.rows ?? '',
              after?.digest ?? '',
              same ? 'same' : 'DIFFERENT',
            ])
          console.log(table.toString())
        }
        console.error(
          `generation ${generation.name} is complete; ${
            notCompared === undefined
              ? `${differences.length - different.length} of ${differences.length} intervals have the same values as ${before ?? 'none'}`
              : `it could not be compared with ${before}: ${notCompared}`
          }${
            promoted
              ? `; ${generation.name} is live now`
              : '; the live generation is unchanged (--promote switches to the new one)'
          }`,
        )
        return different.length > 0 && before !== undefined && !promoted ? EXIT.differences : EXIT.ok
      })
    })
