import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { atLeastOnceSink, memoryProgress } from 'streamvane/sink'
import { batchAt, sinkContract } from 'streamvane/sink/contract'
import { collector } from '../src/collector.js'
import { sink } from '../src/index.js'

type Line = Readonly<{ id: string; replay: boolean; record: Readonly<{ key: string; revision: number }> }>

/** A collector that keeps what it gets. `answers` are given before it takes anything again. */
const standIn = async () => {
  const lines: Line[] = []
  const answers: number[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = answers.shift() ?? 200
      const texts = Buffer.concat(chunks).toString('utf8').split('\n')
      if (status === 200) lines.push(...texts.filter((text) => text !== '').map((text) => JSON.parse(text) as Line))
      response.writeHead(status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rows`
  return { url, lines, answers, end: async () => void server.close() }
}

sinkContract('collector', async () => {
  const place = await standIn()
  const progress = memoryProgress()
  return {
    sink: () =>
      atLeastOnceSink({
        ...{ name: 'collector', progress, everyMs: 0 },
        destination: collector({ url: place.url, timeoutMs: 5_000 }),
      }),
    delivered: async () => place.lines.map(({ replay, record: { key, revision } }) => ({ key, revision, replay })),
    end: place.end,
  }
})

test('a collector that is busy is tried again; one that does not take the token is refused', async () => {
  const place = await standIn()
  const destination = collector({ url: place.url, timeoutMs: 5_000 })
  const idle = new AbortController().signal
  place.answers.push(429, 403)
  expect(await destination.deliver(batchAt(1).records, idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
  expect(await destination.deliver(batchAt(1).records, idle)()).toMatchObject({ left: { tag: 'Refused' } })
  await place.end()
})

test('settings are read strictly', () => {
  expect(sink.settings['~standard'].validate({ url: 'https://rows.example', tokn: 'x' })).toHaveProperty('issues.0')
})
