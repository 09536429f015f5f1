import type { Command } from 'commander'
import { feedNamed } from '../../app/feeds/plans.js'
import { periodAt } from '../../app/feeds/deliveries/next.js'
import { previewFeed } from '../../app/operations/feeds/preview.js'
import { Names } from '../../app/names.js'
import { ifThere } from '../../log/if-there.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { rangeOf, wholeNumber } from '../command/option-values.js'

type Flags = CommonFlags & Readonly<{ from?: string; to?: string; layout?: number }>

export const previewCommand = (): Command =>
  command('preview', 'print what a feed says of a range now; delivers nothing', [
    'streamvane feeds preview wfm-intraday --from 2026-01-05T08:00+01:00 --to 2026-01-05T12:00+01:00',
    'streamvane feeds preview bpo-daily --layout 2 > tomorrow.csv',
  ])
    .argument('<feed>', 'a feed of the configuration')
    .option('--from <instant>', 'intervals that start then or later (default: the last period that has ended)')
    .option('--to <instant>', 'intervals that start before')
    .option('--layout <version>', 'in this version of the layout (default: the oldest)', wholeNumber('--layout', 1))
    .action(async (name: string, flags: Flags) => {
      const config = await configOf(flags)
      const plan = feedNamed(config, name)
      const { from, to } = rangeOf(flags)
      await withContext('feeds preview', config, async ({ logs }) => {
        const { tenant, data } = config
        const last = periodAt(plan, periodAt(plan, Date.now()).start - 1)
        const raw = await ifThere(() => logs.raw('reader'))
        const names = new Names(raw, tenant)
        const file = await previewFeed({
          ...{ tenant, data, logs, plan, version: flags.layout, from: from ?? last.start, to: to ?? last.end },
          nameOf: (dimension, id) => names.of(dimension, id),
        })
        process.stdout.write(file.bytes.toString())
        console.error(
          `${file.records} records of ${file.rows} rows; ${file.incomplete.length} intervals are incomplete`,
        )
        return EXIT.ok
      })
    })
