import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { makeAuthority } from './secure-kafka/certificates.js'

/** An item as Application Insights takes it. */
export type TelemetryItem = Readonly<{
  name: string
  iKey: string
  tags: Readonly<Record<string, string>>
  data: Readonly<{
    baseType: string
    baseData: Readonly<{
      name?: string
      metrics?: readonly Readonly<{ name: string; value: number }>[]
      properties?: Readonly<Record<string, string>>
    }>
  }>
}>

export type IngestionEndpoint = Readonly<{
  connectionString: string
  /** The authority that a client has to trust: the exporter speaks https alone. */
  caFile: string
  items: () => readonly TelemetryItem[]
}>

const KEY = '00000000-0000-0000-0000-000000000001'

/** A stand-in of the endpoint that takes telemetry for Application Insights: `POST /v2.1/track`. */
export const startIngestionEndpoint = async (dir: string): Promise<IngestionEndpoint> => {
  const items: TelemetryItem[] = []
  const authority = makeAuthority(dir, 'insights')
  const { certificateFile, keyFile } = authority.issue('ingestion', { subject: 'CN=ingestion' })
  const server = createServer(
    { cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    (request, response) => {
      void text(request).then((body) => {
        if (request.method !== 'POST' || request.url !== '/v2.1/track') return response.writeHead(404).end()
        const sent = JSON.parse(body) as readonly TelemetryItem[]
        items.push(...sent)
        const answer = { itemsReceived: sent.length, itemsAccepted: sent.length, errors: [] }
        return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      })
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    connectionString: `InstrumentationKey=${KEY};IngestionEndpoint=https://127.0.0.1:${port}/`,
    caFile: authority.caFile,
    items: () => items,
  }
}
