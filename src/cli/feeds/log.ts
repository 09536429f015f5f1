import { Option, type Command } from 'commander'
import { deliveryResults, type DeliveryResult } from '../../app/feeds/log/events.js'
import type { Delivery } from '../../app/feeds/log/state.js'
import { deliveryJson, readDeliveries } from '../../app/operations/feeds/deliveries.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { rangeOf } from '../command/option-values.js'
import { printTable } from '../command/table.js'

type Flags = CommonFlags & Readonly<{ from?: string; to?: string; result?: DeliveryResult | 'open'; json?: boolean }>

export const logCommand = (): Command =>
  command('log', 'list the deliveries of feeds: what was sent, and what the receiver answered', [
    'streamvane feeds log wfm-intraday --from 2026-01-05 --to 2026-01-06',
    'streamvane feeds log --result refused',
    'streamvane feeds log bpo-daily --json | jq -c "{number, file, sha256, result}"',
  ])
    .argument('[feed]', 'only of this feed')
    .option('--from <instant>', 'deliveries that hold an interval after it')
    .option('--to <instant>', 'deliveries that hold an interval before it')
    .addOption(new Option('--result <result>', 'only those that ended so').choices([...deliveryResults, 'open']))
    .option('--json', 'one JSON object a line, with everything that the log tells')
    .action(async (feed: string | undefined, flags: Flags) => {
      const config = await configOf(flags)
      const { from, to } = rangeOf(flags)
      await withContext('feeds log', config, async ({ logs }) => {
        const deliveries = await readDeliveries(logs, config.tenant, { feed, from, to, result: flags.result })
        if (flags.json === true) for (const each of deliveries) console.log(JSON.stringify(deliveryJson(each)))
        else if (deliveries.length > 0) printDeliveries(deliveries)
        else console.error('there is no such delivery; `streamvane run` delivers the feeds of the configuration')
        return EXIT.ok
      })
    })

const printDeliveries = (deliveries: readonly Delivery[]): void =>
  printTable({
    columns: [
      { head: 'feed' },
      { head: 'number', align: 'right' },
      { head: 'kind', narrow: 'wrap', min: 10 },
      { head: 'intervals (UTC)', narrow: 'wrap', min: 16 },
      { head: 'records', align: 'right' },
      { head: 'bytes', align: 'right' },
      { head: 'sha-256' },
      { head: 'began' },
      { head: 'result', narrow: 'wrap', min: 10 },
    ],
    rows: deliveries.map(({ began, ended }) => [
      ...[began.feed, String(began.number), kindText(began), rangesText(began)],
      ...[String(began.records), String(began.bytes), began.sha256.slice(0, 8), minuteOf(began.at)],
      resultText(ended),
    ]),
  })

const kindText = ({ kind, reasons, incomplete }: Delivery['began']): string =>
  [kind, ...reasons, ...(incomplete.length === 0 ? [] : [`${incomplete.length} incomplete`])].join(', ')

const rangesText = ({ ranges }: Delivery['began']): string => {
  const [first, ...more] = ranges
  if (first === undefined) return ''
  const [from, to] = [minuteOf(first.from), minuteOf(first.to)]
  const end = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to
  return `${from} to ${end}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

const resultText = (ended: Delivery['ended']): string => {
  if (ended === undefined) return 'open'
  const { result, answer, attempts } = ended
  return `${result} (${answer.status}${attempts > 1 ? `, attempt ${attempts}` : ''})`
}

const minuteOf = (at: string): string => at.slice(0, 16).replace('T', ' ')
