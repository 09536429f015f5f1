import type { Command } from 'commander'
import { clockReport, takeClockBack, tickClock } from '../app/operations/clock.js'
import { behindHorizon } from '../app/operations/dead-letters.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { instantOf } from './command/option-values.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'

export const clockCommand = (): Command => {
  const group = commandGroup('clock', summaries.clock)
  group.addCommand(showCommand())
  group.addCommand(tickCommand())
  group.addCommand(takeBackCommand())
  return group
}

const showCommand = (): Command =>
  command('show', 'show how far the clock of the log has come, and where it jumped', [
    'streamvane clock show',
    'streamvane clock show --json | jq .jumps',
  ])
    .option('--json', 'as JSON')
    .action(async (flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      await withContext('clock show', config, async ({ logs }) => {
        const now = Date.now()
        const { jumpMaxMs } = config.clock
        const report = await clockReport(await logs.raw('reader'), config.tenant, { now, jumpMaxMs })
        const { frontier, ticks, takeBacks, jumps, lastNotAfterNow } = report
        if (flags.json === true) {
          const spelled = jumps.map(({ from, to, revision }) => ({ from: iso(from), to: iso(to), revision }))
          const times = { frontier: iso(frontier), now: iso(now), lastNotAfterNow: iso(lastNotAfterNow) }
          console.log(JSON.stringify({ ...times, ticks, takeBacks, jumps: spelled }, null, 2))
          return EXIT.ok
        }
        if (frontier === undefined) {
          console.log(
            'the clock has not ticked yet, so no interval is closed; `streamvane run` ticks it, or `streamvane clock tick`',
          )
          return EXIT.ok
        }
        console.log(`the clock stands at ${iso(frontier)}, after ${ticks} ticks and ${takeBacks} take-backs`)
        for (const { from, to, revision } of jumps.slice(-JUMPS_SHOWN))
          console.log(`it jumped from ${iso(from)} to ${iso(to)} (revision ${revision} of its stream)`)
        if (frontier > now + jumpMaxMs)
          console.log(
            `that is ${durationText(frontier - now)} after this machine's time: events are too late until time has caught up; \`streamvane clock take-back\` sets it to ${iso(lastNotAfterNow) ?? 'what --to says'}`,
          )
        return EXIT.ok
      })
    })

const JUMPS_SHOWN = 10

const tickCommand = (): Command =>
  withOperator(
    command('tick', 'tick the clock by hand: intervals that ended before close, and their rows become final', [
      'streamvane clock tick --dry-run',
      'streamvane clock tick --at 2026-01-05T12:00:00Z',
    ]),
  )
    .option('--at <instant>', 'how far time has come (default: now)')
    .option(...WAIT)
    .option('--dry-run', 'say what would happen, and write nothing')
    .action(async (flags: CommonFlags & WaitFlags & OperatorFlags & Readonly<{ at?: string; dryRun?: boolean }>) => {
      const config = await configOf(flags)
      const dryRun = flags.dryRun === true
      const operation = { operation: 'clock tick', details: { at: flags.at ?? 'now' } }
      await withContext(waiting('clock tick', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const { logs } = context
          const now = Date.now()
          const raw = dryRun ? await logs.raw('reader') : await rawWriter(context)
          const { from, to } = await tickClock(raw, config.tenant, {
            ...{ at: instantOf('--at', flags.at) ?? now, now, jumpMaxMs: config.clock.jumpMaxMs, dryRun },
          })
          note({ summary: { from: iso(from), to: iso(to) } })
          const before = from === undefined ? 'had not ticked yet' : `stood at ${iso(from)}`
          console.log(`the clock ${before} and ${dryRun ? 'would stand' : 'stands'} at ${iso(to)}`)
          return EXIT.ok
        }),
      )
    })

const takeBackCommand = (): Command =>
  withOperator(
    command('take-back', 'take the clock back after it ticked too far, so that events are no longer too late', [
      'streamvane clock take-back --dry-run',
      'streamvane clock take-back --to 2026-01-05T12:00:00Z',
    ]),
  )
    .option('--to <instant>', 'how far time had really come (default: the last tick that is not in the future)')
    .option(...WAIT)
    .option('--dry-run', 'say what would happen, and write nothing')
    .action(async (flags: CommonFlags & WaitFlags & OperatorFlags & Readonly<{ to?: string; dryRun?: boolean }>) => {
      const config = await configOf(flags)
      const dryRun = flags.dryRun === true
      const to = instantOf('--to', flags.to)
      const operation = { operation: 'clock take-back', details: { to: iso(to) } }
      await withContext(waiting('clock take-back', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const { logs } = context
          const { tenant, clock } = config
          const raw = dryRun ? await logs.raw('reader') : await rawWriter(context)
          const back = await takeClockBack(raw, tenant, { to, now: Date.now(), jumpMaxMs: clock.jumpMaxMs, dryRun })
          note({ summary: { from: iso(back.from), to: iso(back.to) } })
          console.log(
            `the clock stood at ${iso(back.from)} and ${dryRun ? 'would be' : 'is'} taken back to ${iso(back.to)}: later events count again`,
          )
          const tooLate = await behindHorizon(logs, tenant)
          if (tooLate > 0)
            console.log(
              `${tooLate} events were refused as too-late, which may be the wrong clock's doing, and rows of the time in between are final too early; \`streamvane rebuild --promote\` computes all of it as if the clock had been right`,
            )
          return EXIT.ok
        }),
      )
    })

const iso = <T extends number | undefined>(at: T): T extends number ? string : string | undefined =>
  (at === undefined ? undefined : new Date(at).toISOString()) as never

const durationText = (ms: number): string =>
  ms >= 2 * 86_400_000 ? `${Math.round(ms / 86_400_000)} days` : `${Math.round(ms / 60_000)} minutes`
