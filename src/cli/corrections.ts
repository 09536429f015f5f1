import { Option, type Command } from 'commander'
import {
  CorrectionCount,
  corrections,
  readCorrections,
  type Change,
  type RestatedRow,
} from '../app/operations/corrections.js'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import type { Correction } from '../domain/row.js'
import { kpiStream } from '../domain/stream-name.js'
import { printableLines } from '../domain/printable.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { rangeOf } from './command/option-values.js'
import { EXIT } from './command/exit.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  Readonly<{
    from?: string
    to?: string
    family?: FamilyName
    key?: string
    reason?: Correction
    generation?: string
    json?: boolean
  }>

export const correctionsCommand = (): Command =>
  command('corrections', summaries.corrections, [
    'streamvane corrections --from 2026-01-05 --to 2026-01-06',
    'streamvane corrections --family queue --key queue/9b1d4a52 --reason late',
    'streamvane corrections --json | jq -c \'select(.reason == "settings") | {key, changes}\'',
  ])
    .option('--from <instant>', 'intervals that start then or later')
    .option('--to <instant>', 'intervals that start before')
    .addOption(new Option('--family <name>', 'only this family').choices(familyNames))
    .option('--key <key>', 'only the row of this key, or the rows whose keys begin so')
    .addOption(new Option('--reason <reason>', 'only restatements for this reason').choices(corrections))
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const { from, to } = rangeOf(flags)
      await withContext('corrections', config, async ({ logs, signal }) => {
        const { tenant } = config
        const { name } = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
        const kpi = await logs.kpi(name, 'reader')
        const events = await kpi.streamRevision(kpiStream(tenant, name))
        // Output lines on the same terminal would break a progress bar.
        const bar = progressBar(
          `rows of ${name}`,
          events === undefined || process.stdout.isTTY ? undefined : events + 1,
        )
        const { family, key, reason } = flags
        const count = new CorrectionCount()
        try {
          for await (const restated of readCorrections(
            { kpi, tenant, generation: name, data: config.data },
            {
              from,
              to,
              family,
              key,
              reason,
              signal,
              onProgress: (read) => bar.update(read),
            },
          )) {
            count.add(restated)
            console.log(flags.json === true ? JSON.stringify(jsonOf(restated)) : printableLines(textOf(restated)))
          }
        } finally {
          bar.stop()
        }
        // With --json stdout holds one object per line, so the totals go to stderr.
        const say = flags.json === true ? console.error : console.log
        const totals = Object.entries(count.totals())
        say(
          totals.length === 0
            ? `generation ${name}: nothing was restated`
            : totals
                .map(([why, { restatements, rows }]) => `${why}: ${restatements} restatements of ${rows} rows`)
                .join('\n'),
        )
        if (!signal.aborted) return EXIT.ok
        console.error('stopped before the end')
        return EXIT.differences
      })
    })

const jsonOf = ({ position, foldedThrough, start, end, ...restated }: RestatedRow) => ({
  ...restated,
  intervalStart: new Date(start).toISOString(),
  intervalEnd: new Date(end).toISOString(),
  position: String(position),
  foldedThrough: foldedThrough === null ? null : String(foldedThrough),
})

const textOf = ({ key, reason, revision, streamRevision, position, foldedThrough, changes }: RestatedRow): string => {
  const where = `row ${streamRevision} of the stream, position ${position}${foldedThrough === null ? '' : `, with the raw log through ${foldedThrough}`}`
  return [
    `${key}  revision ${revision.before ?? '-'} → ${revision.after}  ${reason}`,
    `  ${where}`,
    ...linesOf(changes),
  ].join('\n')
}

/** All statistics of a figure on one line. */
const linesOf = (changes: readonly Change[]): readonly string[] => {
  if (changes.length === 0) return ['  no figure changed']
  const figures = new Map<string, string[]>()
  for (const { figure, statistic, before, after } of changes) {
    const text = `${statistic} ${before ?? '-'} → ${after ?? '-'}`
    const known = figures.get(figure)
    if (known === undefined) figures.set(figure, [text])
    else known.push(text)
  }
  return [...figures].map(([figure, texts]) => `  ${figure}: ${texts.join(', ')}`)
}
