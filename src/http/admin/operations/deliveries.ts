import { z } from 'zod'
import { feedPlans } from '../../../app/feeds/plans.js'
import { deliveryResults } from '../../../app/feeds/log/events.js'
import { deliveryJson, readDeliveries } from '../../../app/operations/feeds/deliveries.js'
import { ifThere } from '../../../log/if-there.js'
import { readRefusedRecords } from '../../../egress/refused-records.js'
import { list, type Operation } from '../operation.js'
import { instant } from './schemas.js'

const refused = list({
  ...{ id: 'listRefusedRecords', command: 'egress refused', method: 'GET', path: '/refused-records' },
  ...{ access: 'operations', summary: 'the records that a destination refused for ever and that were set aside' },
  input: z.object({ sink: z.string().optional().describe('only those of this sink') }),
  item: z.object({
    ...{ sink: z.string(), id: z.string(), subject: z.string(), reason: z.string(), at: z.iso.datetime() },
    ...{ time: z.string().optional(), revision: z.int().optional() },
  }),
  run: async function* ({ logs, tenant }, { sink }) {
    const control = await ifThere(() => logs.control('reader'))
    if (control === undefined) return
    for await (const record of readRefusedRecords(control, tenant))
      if (sink === undefined || record.sink === sink) yield record
  },
})

const feeds = list({
  ...{ id: 'listFeeds', command: 'feeds', method: 'GET', path: '/feeds', access: 'operations' },
  summary: 'the feeds of the configuration, with the versions of their layouts and whether they are delivered',
  input: z.object({}),
  item: z.object({
    ...{ name: z.string(), doc: z.string(), family: z.string(), interval: z.string(), zone: z.string() },
    versions: z.array(z.int()),
    deliveredBy: z.enum(['https', 'sftp']).nullable().describe('null: it is fetched only'),
  }),
  run: async function* ({ config }) {
    for (const { settings, layouts } of feedPlans(config)) {
      const { name, doc, family, interval, zone, push } = settings
      const versions = layouts.map(({ settings: { version } }) => version)
      yield { name, doc, family, interval, zone: zone.name, versions, deliveredBy: push?.use ?? null }
    }
  },
})

const deliveries = list({
  ...{ id: 'listFeedDeliveries', command: 'feeds log', method: 'GET', path: '/feed-deliveries', access: 'operations' },
  summary: 'the deliveries of feeds: what each held, and what the receiver answered',
  input: z.object({
    feed: z.string().optional(),
    from: instant.optional().describe('deliveries that hold an interval that ends later'),
    to: instant.optional().describe('deliveries that hold an interval that starts before'),
    result: z.enum([...deliveryResults, 'open']).optional(),
  }),
  item: z.looseObject({
    ...{ feed: z.string(), number: z.int(), kind: z.string(), file: z.string(), began: z.string() },
    ...{ result: z.enum([...deliveryResults, 'open']), ended: z.string().nullable() },
  }),
  run: async function* ({ logs, tenant }, wanted) {
    for (const delivery of await readDeliveries(logs, tenant, wanted)) yield deliveryJson(delivery) as never
  },
})

/** What became of what was sent out: refused records of sinks, and deliveries of feeds. */
export const deliveryOperations: readonly Operation[] = [refused, feeds, deliveries]
