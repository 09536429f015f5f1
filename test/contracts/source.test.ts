import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { httpSource } from '../../src/http/server.js'
import { fileSource } from '../../src/ingress/files/file-source.js'
import { emptyReceipt } from '../../src/ingress/receipt.js'
import { sourceContract, type SourceRig } from './source.contract.js'

/** One keep-alive connection, one request an event. */
const postOne = (agent: Agent, url: string, raw: Buffer): Promise<number | undefined> =>
  new Promise((resolve) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': raw.length }
    const posting = request(`${url}/v1/events`, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
    posting.on('error', () => resolve(undefined))
    posting.end(raw)
  })

sourceContract('HTTP server', (): SourceRig => {
  const source = httpSource({
    host: '127.0.0.1',
    port: 0,
    health: () => ({ ready: true, stages: {}, log: { kind: 'well' } }),
  })
  return {
    source,
    begin: async (raws, deliver) => {
      const running = await source.start(deliver)
      onTestFinished(() => running.close())
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      onTestFinished(() => agent.destroy())
      const acknowledged = (async () => {
        let count = 0
        for (const raw of raws) if ((await postOne(agent, running.url, raw)) === 200) count++
        return count
      })()
      return { running, acknowledged }
    },
  }
})

const scratch = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-source-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

sourceContract('file', (): SourceRig => {
  const file = join(scratch(), 'events.ndjson')
  const source = fileSource({ file })
  return {
    source,
    begin: async (raws, deliver) => {
      writeFileSync(file, raws.map((raw) => `${raw.toString('utf8')}\n`).join(''))
      let count = 0
      const running = await source.start(async (batch) => {
        const receipt = await deliver(batch)
        count += batch.raws.length
        return receipt
      })
      return { running, acknowledged: running.ended.then(() => count) }
    },
  }
})

test('a file source ends as exhausted after its last event', async () => {
  const file = join(scratch(), 'events.ndjson')
  writeFileSync(file, '{}\n')
  const running = await fileSource({ file }).start(async () => emptyReceipt)
  expect(await running.ended).toEqual({ kind: 'exhausted' })
})

test('a file source ends as failed, with the cause, when a batch cannot be delivered', async () => {
  const file = join(scratch(), 'events.ndjson')
  writeFileSync(file, '{}\n')
  const cause = new Error('the log is away')
  const running = await fileSource({ file }).start(() => Promise.reject(cause))
  expect(await running.ended).toEqual({ kind: 'failed', cause })
})

test('a file source does not start on a file that is missing', async () => {
  const source = fileSource({ file: join(scratch(), 'missing.ndjson') })
  await expect(source.start(async () => emptyReceipt)).rejects.toThrow(/ENOENT/)
})
