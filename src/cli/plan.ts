import { Option, type Command } from 'commander'
import { capacityOf, type Figure, type Section } from '../app/plan/capacity.js'
import { media, type IntervalMinutes, type Medium } from '../app/plan/measured.js'
import { assumptions, questionOf, type Surfaces } from '../app/plan/question.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { command, type CommonFlags } from './command/command.js'
import { UsageError } from './command/exit.js'
import { bytesText, countText, spanText } from './command/figures.js'
import { wholeNumber } from './command/option-values.js'
import { summaries } from './command/summaries.js'
import { printTable, printText } from './command/table.js'

type Flags = CommonFlags &
  Readonly<{
    agents: number
    conversationsPerDay: number
    queues?: number
    interval?: string
    families?: readonly FamilyName[]
    media?: Readonly<Record<Medium, number>>
    events?: Surfaces
    eventsPerRequest?: number
    peakFactor?: number
    retentionDays?: number
    replication?: number
    readers?: number
    generations?: number
    disk?: number
    json?: boolean
  }>

/** Answers how much room and how many machines a contact centre needs. Opens no data folder. */
export const planCommand = (): Command =>
  command('plan', summaries.plan, [
    'streamvane plan --agents 500 --conversations-per-day 15000',
    'streamvane plan --agents 500 --conversations-per-day 15000 --disk 200GiB --events-per-request 100',
    'streamvane plan --agents 80 --conversations-per-day 2000 --media voice=0.5,email=0.5 --interval 30 --json',
  ])
    .requiredOption('--agents <n>', 'agents who work on a day', wholeNumber('--agents', 1))
    .requiredOption('--conversations-per-day <n>', 'of all media', wholeNumber('--conversations-per-day', 1))
    .option('--queues <n>', 'queues with conversations', wholeNumber('--queues', 1))
    .addOption(new Option('--interval <minutes>', 'base interval').choices(['15', '30', '60']))
    .addOption(new Option('--families <names...>', 'families of rows').choices(familyNames))
    .option('--media <shares>', 'voice=0.7,chat=0.1,message=0.1,email=0.1: shares that add up to 1', mediaOf)
    .addOption(
      new Option('--events <surfaces>', 'what Genesys sends').choices(['metric-records', 'detail-events', 'both']),
    )
    .option(
      '--events-per-request <n>',
      'events that arrive together; the log commits them together',
      wholeNumber('--events-per-request', 1),
    )
    .option('--peak-factor <x>', 'the busiest hour beside the mean of 24', atLeast('--peak-factor', 1))
    .option('--retention-days <n>', 'of row topics', wholeNumber('--retention-days', 1))
    .option('--replication <n>', 'replicas of a topic', wholeNumber('--replication', 1))
    .option('--readers <n>', 'consumer groups that read every row', wholeNumber('--readers', 0))
    .option('--generations <n>', 'generations on disk at once', wholeNumber('--generations', 1))
    .option('--disk <size>', 'of the volume, 200GiB: says when it is full', bytesOf)
    .option('--json', 'as JSON, in bytes, seconds and counts')
    .action(plan)

const plan = (flags: Flags): void => {
  const { interval, events: surfaces, disk: diskBytes, agents, conversationsPerDay, ...more } = flags
  const intervalMinutes = interval === undefined ? undefined : (Number(interval) as IntervalMinutes)
  const { queues, families, media: mix, eventsPerRequest, peakFactor } = more
  const { retentionDays, replication, readers, generations } = more
  const question = questionOf({
    ...{ agents, conversationsPerDay, queues, intervalMinutes, families, media: mix, surfaces },
    ...{ eventsPerRequest, peakFactor, retentionDays, replication, readers, generations, diskBytes },
  })
  const assumed = assumedIn({ ...flags, intervalMinutes, surfaces })
  const sections = capacityOf(question)
  if (flags.json === true) console.log(JSON.stringify({ question, assumed, sections }, null, 2))
  else printPlan(sections, assumed)
}

type Assumed = Readonly<{ name: string; value: unknown; why: string }>

/** The assumptions that a question without these answers rests on. */
const assumedIn = (said: Readonly<Record<string, unknown>>): readonly Assumed[] =>
  Object.entries(assumptions)
    .filter(([name]) => said[name] === undefined)
    .map(([name, [value, why]]) => ({ name, value, why }))

const printPlan = (sections: readonly Section[], assumed: readonly Assumed[]): void => {
  printTable({
    columns: [
      { head: 'figure', narrow: 'wrap' },
      { head: 'value', align: 'right' },
      { head: 'formula', narrow: 'wrap' },
      { head: 'from', narrow: 'wrap' },
    ],
    rows: sections.flatMap(({ about, figures }) => [
      [{ text: about, style: 'bold' }, '', '', ''],
      ...figures.map((figure) => [figure.name, figureText(figure), figure.how, figure.from]),
    ]),
  })
  console.log('')
  printText('assumed, where nothing was said:')
  for (const { name, value, why } of assumed)
    printText(`  ${name} ${typeof value === 'string' ? value : JSON.stringify(value)}: ${why}`)
}

const figureText = ({ value, unit }: Figure): string => {
  switch (unit) {
    case 'bytes':
      return bytesText(value)
    case 'bytes per second':
      return `${bytesText(value)}/s`
    case 'per second':
      return `${countText(Number(value.toPrecision(3)))}/s`
    case 'seconds':
      return spanText(value * 1_000)
    case 'days':
      return countText(Math.floor(value))
    case 'cores':
      return countText(Number(value.toFixed(2)))
    case 'count':
      return countText(Math.round(value))
  }
}

const isMedium = (name: string): name is Medium => (media as readonly string[]).includes(name)

function mediaOf(text: string): Readonly<Record<Medium, number>> {
  const mix: Record<Medium, number> = { voice: 0, chat: 0, message: 0, email: 0 }
  for (const part of text.split(',')) {
    const [name = '', share = ''] = part.split('=')
    if (!isMedium(name) || share === '' || !(Number(share) >= 0))
      throw new UsageError(`--media: ${part} is not one of ${media.join(', ')} with a share, as voice=0.7`)
    mix[name] = Number(share)
  }
  const all = media.reduce((sum, medium) => sum + mix[medium], 0)
  if (Math.abs(all - 1) > 0.001) throw new UsageError(`--media: the shares add up to ${all.toFixed(3)}, not to 1`)
  return mix
}

const POWERS: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 }

/** Bytes of `200GiB`, `1T`, `500MB`: with `i` in powers of 1024, else of 1000. */
function bytesOf(text: string): number {
  const [, digits = '', power = '', binary] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$/.exec(text) ?? []
  const bytes = Number(digits) * (binary === 'i' ? 1_024 : 1_000) ** (POWERS[power] ?? 0)
  if (digits === '' || !(bytes > 0)) throw new UsageError(`--disk ${text} is not a size; write it as 200GiB or 1TB`)
  return bytes
}

function atLeast(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text === '' || !(value >= least && value < Infinity))
      throw new UsageError(`${flag} ${text} is not a number of at least ${least}`)
    return value
  }
}
