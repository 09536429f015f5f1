import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Column = Readonly<{ name: string; dataType: string }>
type Row = Readonly<Record<string, unknown>>
type Table = Readonly<{ name: string; columns: readonly Column[]; rows: Row[] }>
type Dataset = Readonly<{ id: string; name: string; addRowsAPIEnabled: boolean; retention: string; tables: Table[] }>

/** What happens to a request in place of its answer; `lose`: it is done, and the socket ends before the answer. */
export type ApiFault = 'drop' | 'lose' | 'hang' | Readonly<{ status: number; headers?: Record<string, string> }>

const CODES: Readonly<Record<number, string>> = { 401: 'TokenExpired', 403: 'PowerBINotAuthorizedException' }

/**
 * Stands in for the REST API of Power BI, as far as rows are pushed: https://learn.microsoft.com/rest/api/power-bi/push-datasets
 * (PostDatasetInGroup, GetTablesInGroup, PostRowsInGroup), and of Datasets GetDatasetsInGroup, DeleteDatasetInGroup and
 * ExecuteQueriesInGroup, of whose queries it knows `EVALUATE 'table'` alone. It enforces the limits of
 * https://learn.microsoft.com/power-bi/developer/embedded/push-datasets-limitations, and misbehaves on command.
 */
export class StandInPowerBi {
  readonly datasets: Dataset[] = []
  readonly workspaceId = randomUUID()
  /** Requests that pushed rows: table and number of rows. */
  readonly pushes: Readonly<{ table: string; rows: number }>[] = []
  /** Tokens that are accepted; absent: any. */
  isAccepted: (token: string) => boolean = () => true
  /** Requests in a minute, and rows in an hour, beyond which it answers 429. */
  limits = { requests: 120, rows: 1_000_000 }
  /** Decides about a push before the faults that were ordered. */
  judge: () => ApiFault | undefined = () => undefined
  private faults: ApiFault[] = []
  private readonly server: Server
  private taken: { at: number; rows: number }[] = []

  private constructor() {
    this.server = createServer((request, response) => void this.handle(request, response))
  }

  static async start(port = 0): Promise<StandInPowerBi> {
    const service = new StandInPowerBi()
    service.server.listen(port, '127.0.0.1')
    await once(service.server, 'listening')
    return service
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** What happens to the next requests that push rows, one each. */
  misbehave(...faults: readonly ApiFault[]): void {
    this.faults.push(...faults)
  }

  rows(table: string): readonly Row[] {
    return this.datasets
      .flatMap(({ tables }) => tables.filter(({ name }) => name === table))
      .flatMap(({ rows }) => rows)
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined || !this.isAccepted(token)) return refuse(response, 401, CODES[401] as string)
    const path =
      /^\/v1\.0\/myorg\/groups\/([^/]+)\/datasets(?:\/([^/]+)(\/executeQueries|\/tables(?:\/([^/]+)\/rows)?)?)?$/
    const [, workspace, datasetId, what, table] = path.exec(pathname) ?? []
    if (workspace !== this.workspaceId) return refuse(response, 404, 'PowerBIEntityNotFound')
    if (datasetId === undefined)
      return request.method === 'GET'
        ? answer(response, 200, { value: this.datasets.map(({ tables: _, ...dataset }) => dataset) })
        : this.create(response, JSON.parse(body) as Dataset, searchParams.get('defaultRetentionPolicy') ?? 'None')
    const dataset = this.datasets.find(({ id }) => id === datasetId)
    if (dataset === undefined) return refuse(response, 404, 'PowerBIEntityNotFound')
    if (request.method === 'DELETE') {
      this.datasets.splice(this.datasets.indexOf(dataset), 1)
      return void response.writeHead(200).end()
    }
    if (what === '/executeQueries') return answer(response, 200, queried(dataset, body))
    if (table === undefined) return answer(response, 200, { value: dataset.tables.map(({ name }) => ({ name })) })
    this.push(response, dataset, table, body)
  }

  private create(response: ServerResponse, { name, tables }: Dataset, retention: string): void {
    if (tables.length > 75 || tables.some(({ columns }) => columns.length > 75))
      return refuse(response, 400, 'TooManyColumns')
    const made = { id: randomUUID(), name, addRowsAPIEnabled: true, retention }
    this.datasets.push({ ...made, tables: tables.map((table) => ({ ...table, rows: [] })) })
    answer(response, 201, { id: made.id, name, defaultRetentionPolicy: retention })
  }

  private push(response: ServerResponse, dataset: Dataset, tableName: string, body: string): void {
    const fault = this.judge() ?? this.faults.shift()
    if (fault === 'drop') return void response.destroy()
    if (fault === 'hang') return
    if (typeof fault === 'object') return refuse(response, fault.status, CODES[fault.status] ?? 'Error', fault.headers)
    const table = dataset.tables.find(({ name }) => name === tableName)
    if (table === undefined) return refuse(response, 404, 'TableNotFound')
    const { rows } = JSON.parse(body) as { rows: readonly Row[] }
    if (rows.length > 10_000) return refuse(response, 413, 'TooManyRows')
    if (rows.some((row) => !fits(row, table))) return refuse(response, 400, 'InvalidRow')
    if (this.isBeyond(rows.length)) return refuse(response, 429, 'TooManyRequests', { 'retry-after': '1' })
    this.pushes.push({ table: tableName, rows: rows.length })
    table.rows.push(...rows)
    if (dataset.retention === 'basicFIFO') table.rows.splice(0, Math.max(0, table.rows.length - 200_000))
    if (fault === 'lose') response.destroy()
    else response.writeHead(200).end()
  }

  private isBeyond(rows: number): boolean {
    const now = Date.now()
    this.taken = this.taken.filter(({ at }) => now - at < 3_600_000)
    const inMinute = this.taken.filter(({ at }) => now - at < 60_000).length
    const inHour = this.taken.reduce((sum, each) => sum + each.rows, 0)
    if (inMinute >= this.limits.requests || inHour + rows > this.limits.rows) return true
    this.taken.push({ at: now, rows })
    return false
  }
}

/** All rows of a table, with columns as `table[column]`. */
const queried = ({ tables }: Dataset, body: string): object => {
  const { queries } = JSON.parse(body) as { queries: readonly Readonly<{ query: string }>[] }
  const name = /^EVALUATE '(.+)'$/.exec(queries[0]?.query ?? '')?.[1]
  const { columns = [], rows = [] } = tables.find((table) => table.name === name) ?? {}
  const named = rows.map((row) =>
    Object.fromEntries(columns.map((column) => [`${name}[${column.name}]`, row[column.name] ?? null])),
  )
  return { results: [{ tables: [{ rows: named }] }] }
}

/** Only columns of the table, each value of its type, text of 4,000 characters at most. */
const fits = (row: Row, { columns }: Table): boolean =>
  Object.entries(row).every(([name, value]) => {
    const type = columns.find((column) => column.name === name)?.dataType
    switch (type) {
      case 'string':
        return typeof value === 'string' && value.length <= 4_000
      case 'Int64':
        return Number.isSafeInteger(value)
      case 'Double':
        return typeof value === 'number'
      case 'bool':
        return typeof value === 'boolean'
      case 'DateTime':
        return typeof value === 'string' && !Number.isNaN(Date.parse(value))
      default:
        return false
    }
  })

const answer = (response: ServerResponse, status: number, body: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const refuse = (
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): void =>
  void response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ error: { code, message: `${code} of the stand-in` } }))
