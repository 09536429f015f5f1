import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { expect, test } from 'vitest'
import { otlpExporter } from '../../../src/telemetry/metrics/otlp-exporter.js'
import { Meters } from '../../../src/telemetry/metrics/meters.js'
import { startPush } from '../../../src/telemetry/metrics/push.js'

const resource = resourceFromAttributes({ 'service.name': 'streamvane' })

const pushTo = async (endpoint: string) => {
  const meters = new Meters()
  const lines: string[] = []
  const say = (_: object, message: string): void => void lines.push(message)
  const exporter = await otlpExporter(endpoint, { headers: () => ({ 'x-key': 'secret' }), timeoutMs: 500 })
  const push = startPush(meters, {
    ...{ to: 'otlp', exporter, resource, everyMs: 3_600_000, timeoutMs: 500 },
    ...{ logger: { info: say, warn: say }, now: Date.now },
  })
  return { meters, lines, push }
}

test('a collector gets the metrics by HTTP and protobuf, under the names of /metrics, with the headers of the configuration', async () => {
  const requests: { url: string; type: string; key: string; body: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { 'content-type': type = '', 'x-key': key = '' } = request.headers
      requests.push({ url: request.url ?? '', type, key: String(key), body: Buffer.concat(chunks).toString('latin1') })
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { meters, lines, push } = await pushTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    meters.add('events', ['detail-events', 'stored'], 3)
    await push.close()
    const [first] = requests
    expect(first).toMatchObject({ url: '/v1/metrics', type: 'application/x-protobuf', key: 'secret' })
    for (const name of new Set((await meters.read()).map(({ metric }) => metric.name)))
      expect(first?.body).toContain(name)
    expect(lines).toEqual([])
  } finally {
    server.close()
  }
})

test('a collector that is away is told in one line, is counted, and does not hold up the end', async () => {
  const { meters, lines, push } = await pushTo('http://127.0.0.1:1')
  await push.close()
  expect(lines).toEqual(['telemetry: metrics are not taken, tried again at each interval'])
  const failures = (await meters.read()).find(
    ({ metric, labels }) => metric.name === 'streamvane_telemetry_push_failures_total' && labels[0] === 'otlp',
  )
  expect(failures?.value).toBe(1)
})
