import { isKafkaSink, sinkSettings } from '../../config/sinks/egress-sinks.js'
import { sourceSettings } from '../../config/sources/sources-schema.js'
import { sourceKindOf } from '../../sources/kinds.js'
import { pushedFeeds } from '../../feeds/plans.js'
import { readDeliveries } from '../feeds/deliveries.js'
import { ifThere } from '../../../log/if-there.js'
import { lookAtSinks } from '../status/destinations.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

const LOOK_MS = 15_000

/** Whether each source's system lets us in and has what is read. Nothing is taken from it. */
export const checkSources = async ({ config, logs, logger, now }: Patient): Promise<readonly Check[]> => {
  const { tenant, data, genesys } = config
  const context = { tenant, data, genesys, logs, logger, now }
  const checks = sourceSettings(config.sources).map(async (source): Promise<Check> => {
    const { look, place } = sourceKindOf(source.use)
    const what = `${source.name} (${source.use})`
    const where = place(source)
    if (look === undefined) return ok('sources', what, `${where}: not looked at before it runs`)
    try {
      return ok('sources', what, `${where}: ${await within(LOOK_MS, look(source, context))}`)
    } catch (cause) {
      return failure('sources', what, (cause as Error).message, source.path)
    }
  })
  return checks.length === 0 ? [ok('sources', 'sources', 'none but HTTP')] : Promise.all(checks)
}

/** Whether each destination that is no Kafka cluster lets us in, and whether an egress may go on from its progress. */
export const checkDestinations = async ({ config, logs, logger }: Patient): Promise<readonly Check[]> => {
  const sinks = sinkSettings(config.egress).filter((sink) => !isKafkaSink(sink))
  if (sinks.length === 0) return [ok('destinations', 'destinations', 'none but Kafka, which `broker` looks at')]
  const looks = await lookAtSinks(sinks, config, logs, logger)
  return looks.map(({ settings: { name, use, path }, away, refusal, destinations: [destination] }): Check => {
    const what = `${name} (${use})`
    const wrong = away ?? refusal
    if (wrong !== undefined) return failure('destinations', what, wrong, path)
    const says = destination?.says ?? ''
    // A receiver has no question that it could be asked without a message.
    return ok('destinations', what, use === 'webhooks' ? `${says}: the first message tries it` : says)
  })
}

/** What became of the last delivery of each feed that is delivered. */
export const checkFeeds = async ({ config, logs, now }: Patient): Promise<readonly Check[]> => {
  const plans = pushedFeeds(config)
  if (plans.length === 0) return [ok('feeds', 'feeds', 'none is delivered')]
  const control = await ifThere(() => logs.control('reader'))
  const deliveries = control === undefined ? [] : await readDeliveries(logs, config.tenant)
  return plans.map(({ settings: { name } }): Check => {
    const what = `feed ${name}`
    const last = deliveries.findLast(({ began }) => began.feed === name)
    if (last === undefined) return warning('feeds', what, 'nothing was delivered yet', 'streamvane run')
    const { began, ended } = last
    const about = `delivery ${began.number} (${began.file})`
    if (ended === undefined)
      return now() - Date.parse(began.at) < OPEN_MS
        ? ok('feeds', what, `${about} is being sent`)
        : warning('feeds', what, `${about} has been open since ${began.at}`, `streamvane feeds log ${name}`)
    if (ended.result === 'accepted') return ok('feeds', what, `${about} was accepted at ${ended.at}`)
    const says = `${about} was ${ended.result === 'void' ? 'given up' : 'refused'}: ${ended.answer.words ?? ended.answer.status}`
    return failure('feeds', what, says, `streamvane feeds log ${name} --result ${ended.result}`)
  })
}

/** A delivery that takes longer waits for its receiver, or for a process. */
const OPEN_MS = 15 * 60_000

const within = async <A>(limitMs: number, work: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
