import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Row } from '../../../src/domain/row.js'
import { newToken } from '../../../src/http/admin/access/tokens.js'
import { feedsOpenApi } from '../../../src/http/feeds/openapi.js'
import { startFeedServer } from '../../../src/http/feeds/server.js'
import { version } from '../../../src/cli/version.js'
import { feedConfig, feedLog, type FeedLog } from '../../support/feed-log.js'
import { silent } from '../../support/pipeline.js'
import { at, restated, sales } from '../../app/reconcile/fixtures.js'

const columns = [
  { name: 'start', value: 'interval.start' },
  { name: 'offered', value: 'nOffered.count' },
  { name: 'status', value: 'status' },
]
const feeds = [
  {
    ...{ name: 'wfm', family: 'queue', by: ['queueId'] },
    layouts: [
      { version: 1, columns, csv: { lineEnd: 'lf' } },
      { version: 2, format: 'json', columns },
    ],
  },
  { name: 'bpo', family: 'queue', layouts: [{ version: 1, columns }] },
]

type Get = (path: string, headers?: Readonly<Record<string, string>>, token?: string) => Promise<Response>

/** Feeds on a free port, with a token for `wfm` alone. */
const served = async (log: FeedLog, now = at(100)): Promise<Get> => {
  const [wfm, old] = [newToken(), newToken()]
  const tokens = [
    { name: 'planner', feeds: ['wfm'], sha256: wfm.sha256 },
    { name: 'former', feeds: ['wfm'], sha256: old.sha256, expires: '2026-01-01T00:00:00Z' },
  ]
  const config = feedConfig(feeds, { feeds: { server: { port: 0, tokens, intervalsMax: 50, failedPerMinuteMax: 3 } } })
  const server = await startFeedServer(config.feeds.server!, {
    ...{ config: { ...config, data: '/nowhere' }, logs: log.logs, logger: silent, version: '0', now: () => now },
  })
  onTestFinished(() => server.close())
  return (path, headers = {}, token = 'wfm') =>
    fetch(new URL(path, server.url), {
      headers: {
        authorization: `Bearer ${token === 'wfm' ? wfm.token : token === 'old' ? old.token : token}`,
        ...headers,
      },
    })
}

const RANGE = 'from=2026-01-05T10:00:00Z&to=2026-01-05T11:00:00Z'
const row = (n: number): Row => sales(at(n), { nOffered: n + 1 })
const quarters = async (count: number): Promise<FeedLog> => {
  const log = await feedLog()
  const all = Array.from({ length: count }, (_, n) => n)
  await log.add(
    all.map(row),
    all.map((n) => [at(n), at(n + 1)] as const),
  )
  return log
}

test('a range is answered as the oldest layout says, and as another where that is asked for', async () => {
  const get = await served(await quarters(2))
  const csv = await get(`/feeds/wfm?${RANGE}`)
  expect([csv.status, csv.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8'])
  expect((await csv.text()).split('\n').slice(0, 3)).toEqual([
    'start,offered,status',
    '2026-01-05T10:00:00Z,1,final',
    '2026-01-05T10:15:00Z,2,final',
  ])
  // The last two quarters of the hour have ended, and nobody says that they are complete.
  expect(csv.headers.get('streamvane-complete')).toBe('false')
  expect(csv.headers.get('streamvane-incomplete')).toBe('2026-01-05T10:30:00Z 2026-01-05T10:45:00Z')
  const json = await (await get(`/feeds/wfm?${RANGE}&version=2`)).json()
  expect(json).toMatchObject({
    ...{ feed: 'wfm', version: 2, delivery: null, kind: 'fetched', complete: false, next: null },
    incomplete: ['2026-01-05T10:30:00Z', '2026-01-05T10:45:00Z'],
    records: [{ offered: 1 }, { offered: 2 }],
  })
  const whole = await (await get(`/feeds/wfm?${RANGE}&version=2&incomplete=leave-out`)).json()
  expect(whole).toMatchObject({ complete: true, incomplete: [] })
})

test('an answer that nothing has changed is 304, until something in the range does; elsewhere does not matter', async () => {
  const log = await quarters(4)
  const get = await served(log)
  const etag = (await get(`/feeds/wfm?${RANGE}&limit=2`)).headers.get('etag') ?? ''
  const again = () => get(`/feeds/wfm?${RANGE}&limit=2`, { 'if-none-match': etag })
  expect((await again()).status).toBe(304)
  await log.add([row(20)], [[at(20), at(21)]])
  expect((await again()).status).toBe(304)
  await log.add([restated(row(1), { nOffered: 9 }, 'late')])
  const changed = await again()
  expect([changed.status, await changed.text()]).toEqual([200, expect.stringContaining('10:15:00Z,9,corrected')])
})

test('pages of a range are all of the rows of the first, whatever is corrected while they are fetched', async () => {
  const log = await quarters(4)
  const get = await served(log)
  const pages: string[] = []
  for (let path: string | undefined = `/feeds/wfm?${RANGE}&limit=1`; path !== undefined;) {
    const page: Response = await get(path)
    pages.push((await page.text()).split('\n')[1] ?? '')
    await log.add([restated(row(pages.length), { nOffered: 100 + pages.length }, 'late')])
    path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
  }
  expect(pages).toEqual(
    [0, 1, 2, 3].map((n) => `${new Date(at(n)).toISOString().replace('.000Z', 'Z')},${n + 1},final`),
  )
})

test('a large answer is compressed for who takes that, with the same ETag', async () => {
  const get = await served(await quarters(48))
  const path = '/feeds/wfm?from=2026-01-05T10:00:00Z&to=2026-01-05T22:00:00Z'
  const [zipped, plain] = [await get(path), await get(path, { 'accept-encoding': 'identity' })]
  expect([zipped.headers.get('content-encoding'), plain.headers.get('content-encoding')]).toEqual(['gzip', null])
  expect(zipped.headers.get('etag')).toBe(plain.headers.get('etag'))
  expect(await zipped.text()).toBe(await plain.text())
})

test('an interval that has not begun is not said to be missing', async () => {
  const get = await served(await quarters(1), at(1) + 1)
  const json = await (await get(`/feeds/wfm?${RANGE}&version=2`)).json()
  expect(json).toMatchObject({ incomplete: ['2026-01-05T10:15:00Z'], records: [{ offered: 1 }] })
})

describe('a token', () => {
  test('sees its feeds and nothing of others', async () => {
    const get = await served(await quarters(1))
    expect(await (await get('/feeds')).json()).toMatchObject({ feeds: [{ name: 'wfm' }] })
    expect(await (await get('/feeds/wfm/schema?version=2')).json()).toMatchObject({ title: 'wfm, version 2' })
    const [other, none] = [await get(`/feeds/bpo?${RANGE}`), await get(`/feeds/nothing?${RANGE}`)]
    expect([other.status, none.status]).toEqual([404, 404])
    const [said, of] = [await other.json(), await none.json()] as { detail: string }[]
    expect(said?.detail).toBe(of?.detail)
  })

  test('that is expired or unknown is refused, and after some attempts the address is made to wait', async () => {
    const get = await served(await quarters(1))
    const statuses: number[] = []
    for (const token of ['old', 'x', 'y', 'z']) statuses.push((await get(`/feeds/wfm?${RANGE}`, {}, token)).status)
    expect(statuses).toEqual([401, 401, 401, 429])
  })
})

test.each([
  ['from=2026-01-05', 422, /to:/],
  ['from=yesterday&to=2026-01-05', 422, /2026-01-05T08:00:00Z/],
  ['from=2026-01-06&to=2026-01-05', 422, /not behind from/],
  ['from=2026-01-01&to=2026-02-01', 422, /more than 50 intervals/],
  [`${RANGE}&cursor=x`, 422, /cursor: give the `next`/],
  [`${RANGE}&version=9`, 422, /no layout version 9; there are 1, 2/],
  [`${RANGE}&queue=1`, 422, /queue/],
])('%s is refused with what is wrong', async (query, status, why) => {
  const get = await served(await quarters(1))
  const answer = await get(`/feeds/wfm?${query}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    status,
    'application/problem+json; charset=utf-8',
  ])
  expect(((await answer.json()) as { detail: string }).detail).toMatch(why)
})

test('the OpenAPI document is valid, and schemas/feeds-openapi.json is what dev/write-openapi.ts writes', async () => {
  const file = await readFile(join(import.meta.dirname, '../../../schemas/feeds-openapi.json'), 'utf8')
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(feedsOpenApi(version()))))
  expect(await new Validator().validate(JSON.parse(file) as Record<string, unknown>)).toMatchObject({ valid: true })
  const get = await served(await quarters(1))
  expect((await get('/openapi.json')).status).toBe(200)
})
