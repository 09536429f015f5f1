import type { Command } from 'commander'
import { checkFeed, isAmiss, verdicts, type CheckedInterval, type FeedCheck } from '../../app/operations/feeds/check.js'
import { feedNamed, pushedFeeds } from '../../app/feeds/plans.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { rangeOf } from '../command/option-values.js'

type Flags = CommonFlags & Readonly<{ from?: string; to?: string; json?: boolean }>

export const checkCommand = (): Command =>
  command('check', 'compare what was delivered with what the log of rows says now; changes nothing', [
    'streamvane feeds check',
    'streamvane feeds check bpo-daily --from 2026-01-01 --to 2026-02-01 --json',
  ])
    .argument('[feed]', 'only this feed (default: all that are delivered)')
    .option('--from <instant>', 'intervals that start then or later (default: those that corrections are sent for)')
    .option('--to <instant>', 'intervals that start before (default: now)')
    .option('--json', 'one JSON object a feed')
    .addHelpText(
      'after',
      '\nExit code 5: an interval differs beyond the tolerances, was refused or is missing,\nor the log of rows is not what a file was made of.',
    )
    .action(async (name: string | undefined, flags: Flags) => {
      const config = await configOf(flags)
      const { from, to } = rangeOf(flags)
      const plans = name === undefined ? pushedFeeds(config) : [feedNamed(config, name)]
      await withContext('feeds check', config, async ({ logs, signal }) => {
        const { tenant, data } = config
        let amiss = false
        for (const plan of plans) {
          const check = await checkFeed({ tenant, plan, logs, data, from, to, now: Date.now(), signal })
          amiss ||= isAmiss(check)
          if (flags.json === true) console.log(JSON.stringify(check))
          else for (const line of linesOf(check)) console.log(line)
        }
        if (plans.length === 0) console.error('no feed of the configuration is delivered (feeds.list, push)')
        if (signal.aborted) {
          console.error('stopped before the end')
          return EXIT.differences
        }
        return amiss ? EXIT.differences : EXIT.ok
      })
    })

const SHOWN_MAX = 50

const linesOf = (check: FeedCheck): readonly string[] => {
  const { feed, from, to, intervals, findings, files, otherFiles } = check
  const counts = verdicts.flatMap((verdict) => (intervals[verdict] > 0 ? [`${intervals[verdict]} ${verdict}`] : []))
  const told = findings.filter(({ verdict }) => verdict !== 'tolerated')
  return [
    `${feed}, ${from} to ${to}: ${counts.length === 0 ? 'nothing was delivered' : `intervals: ${counts.join(', ')}`}`,
    ...told.slice(0, SHOWN_MAX).flatMap(findingLines),
    ...(told.length > SHOWN_MAX ? [`  and ${told.length - SHOWN_MAX} more (--json lists all)`] : []),
    ...otherFiles.map(({ delivery, verdict }) => `  delivery ${delivery}: ${fileText[verdict]}`),
    `  files: ${files.same} can be made again byte for byte`,
  ]
}

const fileText: Readonly<Record<keyof FeedCheck['files'], string>> = {
  same: '',
  'other-settings': 'filter, groups or layout are others now, so its file was not compared',
  'rows-gone': 'its generation was retired, so its file was not compared',
  changed: 'its rows are not those that its file was made of (streamvane verify)',
}

const findingLines = ({ from, verdict, delivery, differences }: CheckedInterval): readonly string[] => [
  `  ${from} ${verdict}${delivery === null ? '' : `, delivery ${delivery}`}`,
  ...differences
    .filter(({ isTolerated }) => !isTolerated)
    .map(
      ({ place, column, delivered, now }) =>
        `    ${place.map((value) => value ?? '-').join(' ')} ${column}: delivered ${delivered ?? '-'}, now ${now ?? '-'}`,
    ),
]
