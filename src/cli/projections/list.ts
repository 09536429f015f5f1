import type { Command } from 'commander'
import { pausedText } from '../../app/pipeline/projection-pause.js'
import { NoGeneration } from '../../app/operations/computed.js'
import { projectionStatus, type GenerationStatus } from '../../app/operations/generations/generation-status.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { bytesText } from '../command/figures.js'
import { summaries } from '../command/summaries.js'
import { printTable } from '../command/table.js'

/** `streamvane projections list`, which is `streamvane generations` as well. */
export const listCommand = (name: 'list' | 'generations'): Command => {
  const line = name === 'list' ? 'streamvane projections list' : 'streamvane generations'
  return command(name, summaries.generations, [line, `${line} --json`])
    .option('--json', 'one JSON object a line')
    .action(async (flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      await withContext(name, config, async ({ logs }) => {
        const { generations, live, paused, rollbackTo } = await projectionStatus({ ...config, logs })
        if (generations.length === 0) throw new NoGeneration(config.tenant)
        if (flags.json === true) {
          for (const status of generations) console.log(JSON.stringify(jsonOf(status, live)))
          return EXIT.ok
        }
        printTable({
          columns: [
            { head: 'name' },
            { head: 'state' },
            { head: 'done', align: 'right' },
            { head: 'profile' },
            { head: 'points from', rank: 2 },
            { head: 'started', rank: 3 },
            { head: 'projection', align: 'right', rank: 1 },
            { head: 'on disk', align: 'right' },
          ],
          rows: generations.map((status) => {
            const { generation, phase, bytes } = status
            const { profile, startedAt, projectionVersion } = generation
            return [
              generation.name,
              phase,
              doneText(status),
              `${profile.id} v${profile.version}`,
              profile.points,
              startedAt,
              String(projectionVersion),
              bytesText(bytes),
            ]
          }),
        })
        if (rollbackTo !== undefined)
          console.error(`\`streamvane projections rollback\` makes ${rollbackTo} live again`)
        if (paused !== undefined)
          console.error(
            `the projection is paused ${pausedText(paused)}; \`streamvane projections resume\` lets it go on`,
          )
        return EXIT.ok
      })
    })
}

/** A status as programs read it: what the generation is, and how it stands. */
export const jsonOf = (
  { generation: { scoped, ...generation }, ...rest }: GenerationStatus,
  live: string | undefined,
): object => ({
  ...generation,
  ...(scoped && { scoped: { base: scoped.base.name, scope: scoped.scope } }),
  live: generation.name === live,
  ...rest,
})

/** How far a generation is: a share of what the raw log holds. */
export const doneText = ({ phase, position, head }: GenerationStatus): string => {
  if (phase === 'retired' || head === undefined) return ''
  const [at, end] = [Number(position ?? 0), Number(head)]
  return end === 0 ? '' : `${(Math.floor((1_000 * Math.min(at, end)) / end) / 10).toFixed(1)} %`
}
