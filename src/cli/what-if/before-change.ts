import type { Command } from 'commander'
import { chosenGeneration, computedGenerations, NoGeneration } from '../../app/operations/computed.js'
import type { Supposition } from '../../app/operations/what-if/hypothesis.js'
import { lastClosedDay } from '../../app/operations/what-if/recent-range.js'
import { NothingPublished, whatIf, type WhatIf } from '../../app/operations/what-if/what-if.js'
import { withFacts } from '../../app/pipeline/facts/open-feed.js'
import type { Profile } from '../../domain/profile.js'
import type { Zone } from '../../domain/zone.js'
import { NoLog } from '../../log/event-log.js'
import { hasColor } from '../command/color.js'
import { confirm } from '../command/confirm.js'
import type { Context } from '../command/context.js'
import { instantOf, rangeOf } from '../command/option-values.js'
import { progressBar } from '../command/progress.js'
import { whatIfText } from './text.js'

export type DiffFlags = Readonly<{
  /** false: `--no-diff`. */
  diff?: boolean
  diffFrom?: string
  diffTo?: string
  yes?: boolean
  dryRun?: boolean
}>

/** Adds the options of a command that shows what it would change, and asks, before it changes it. */
export const withDiff = (command: Command): Command =>
  command
    .option('--diff-from <instant>', 'show what would change in the intervals that start then or later, and')
    .option('--diff-to <instant>', 'before then (default: on a terminal the last closed day, in a pipe nothing)')
    .option('--no-diff', 'do not show it')
    .option('--yes', 'do not ask; in a pipe it is never asked')

/**
 * Shows on stderr what a change would have changed in rows that were published, had it been in force throughout the
 * range. On a terminal it then says what will happen, and asks; where the answer is not yes it throws `NotConfirmed`.
 * In a pipe it asks nothing, as these commands never did, and shows the difference only where a range is given. Where
 * nothing was computed yet there is nothing to compare.
 */
export const showBeforeChange = async (
  context: Context,
  flags: DiffFlags,
  change: Readonly<{ supposition: (inForce: Profile) => Supposition; willHappen: readonly string[] }>,
): Promise<void> => {
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY
  const isRangeGiven = flags.diffFrom !== undefined || flags.diffTo !== undefined
  if (flags.diff !== false && (isTerminal || isRangeGiven)) await showDiff(context, flags, change.supposition)
  if (isTerminal && flags.dryRun !== true) await confirm(change.willHappen, flags.yes)
}

/** Reports an instant that is none before anything is opened. */
export const checkDiffRange = ({ diffFrom, diffTo }: DiffFlags): void => {
  instantOf('--diff-from', diffFrom)
  instantOf('--diff-to', diffTo)
}

/** Changes that are listed; `what-if` has all of them. */
const LISTED = 10

const showDiff = async (
  context: Context,
  flags: DiffFlags,
  suppositionFor: (inForce: Profile) => Supposition,
): Promise<void> => {
  const answer = await diffOf(context, flags, suppositionFor)
  if (answer === undefined) return
  const output = {
    width: process.stderr.isTTY ? process.stderr.columns || 80 : undefined,
    color: hasColor(process.stderr),
  }
  const more = '`streamvane what-if` lists them'
  const print = { limit: LISTED, more, zone: answer.zone, output }
  console.error('had it been in force:')
  for (const line of whatIfText(answer.whatIf, print)) console.error(line)
}

/**
 * What a supposition changes in the range of `--diff-from` and `--diff-to`, else in the last closed day. `undefined`, and
 * said on stderr, where nothing was computed yet.
 */
export const diffOf = async (
  { config, logs, logger, signal }: Context,
  { diffFrom, diffTo }: DiffFlags,
  suppositionFor: (inForce: Profile) => Supposition,
): Promise<Readonly<{ whatIf: WhatIf; zone: Zone }> | undefined> => {
  const { tenant, data } = config
  try {
    const generation = chosenGeneration(await computedGenerations(logs, tenant), undefined, tenant)
    const [raw, kpi] = [await logs.raw('reader'), await logs.kpi(generation.name, 'reader')]
    const isGiven = diffFrom !== undefined || diffTo !== undefined
    const scope = isGiven
      ? rangeOf({
          ...(diffFrom === undefined ? {} : { from: diffFrom }),
          ...(diffTo === undefined ? {} : { to: diffTo }),
        })
      : await lastClosedDay(raw, kpi, tenant, generation)
    if (scope === undefined) return undefined
    const head = Number((await raw.head()) ?? 0)
    const bar = progressBar('what it changes', 2 * head, { unit: 'events', logger })
    const supposition = suppositionFor(generation.profile)
    const answer = await withFacts(config, logger, (facts) =>
      whatIf({
        ...{ tenant, generation, scope, supposition, raw, kpi, data, facts, now: Date.now, signal, logger },
        onProgress: (step, position) => bar.update(Number(position) + (step === 'supposed' ? head : 0)),
      }),
    ).finally(() => bar.stop())
    return { whatIf: answer, zone: generation.profile.zone }
  } catch (cause) {
    if (!(cause instanceof NoGeneration || cause instanceof NothingPublished || cause instanceof NoLog)) throw cause
    console.error('nothing was computed yet: there is nothing to compare with')
    return undefined
  }
}
