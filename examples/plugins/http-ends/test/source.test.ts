import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { sourceContract, type SourceRig } from 'streamvane/source/contract'
import { feedSource } from '../src/feed-source.js'

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A feed that gives one event after the other, and the next one once the one before is acknowledged. */
const standIn = async (raws: readonly Buffer[]) => {
  let acknowledged = 0
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/feed/acknowledged') {
      acknowledged += 1
      response.writeHead(200).end()
      return
    }
    const raw = raws[acknowledged]
    if (raw === undefined) return void setTimeout(() => response.writeHead(204).end(), 10)
    response.writeHead(200, { 'x-cursor': String(acknowledged), 'x-behind': String(raws.length - acknowledged) })
    response.end(Buffer.concat([raw, Buffer.from('\n')]))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void (server.close(), server.closeAllConnections()))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`, acknowledged: () => acknowledged }
}

sourceContract('feed', async (): Promise<SourceRig> => {
  let url = ''
  const source = () => feedSource({ name: 'feed', path: 'sources.0', url, logger })
  return {
    source: source(),
    begin: async (raws, deliver) => {
      const feed = await standIn(raws)
      url = feed.url
      let settled = 0
      const running = await source().start(async (batch) => {
        try {
          return await deliver(batch)
        } finally {
          settled += batch.raws.length
        }
      })
      onTestFinished(() => running.close())
      const acknowledged = (async () => {
        while (settled < raws.length) await new Promise((resolve) => setTimeout(resolve, 5))
        // What was not stored is asked for again, so the source is closed before one counts.
        await running.close()
        return feed.acknowledged()
      })()
      return { running, acknowledged }
    },
  }
})
