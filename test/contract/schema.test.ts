import * as E from 'fp-ts/lib/Either.js'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { familyNames, families } from '../../src/domain/family.js'
import { parseFormula } from '../../src/domain/formula.js'
import { builtInKpis, metricsOf } from '../../src/domain/kpi.js'
import { metricKind } from '../../src/domain/metric.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { statementNames, statementSchema } from '../../src/contract/schema/completeness-schema.js'
import { NAME_RECORD, nameSchema } from '../../src/contract/schema/name-schema.js'
import { publishedSchema } from '../../src/contract/schema/published-schema.js'
import { contractName, rowSchema } from '../../src/contract/schema/row-schema.js'
import { defaultTopics, topicOf } from '../../src/egress/topics.js'

const folder = new URL('../../schemas/avro/', import.meta.url)

describe('the published contract', () => {
  test.each(familyNames)('schemas/avro has the schema of %s that the catalogue gives', (family) => {
    const file = readFileSync(new URL(`${contractName(family)}.avsc`, folder), 'utf8')
    expect(file, 'run `npx tsx dev/write-schemas.ts` and review the difference').toBe(
      `${JSON.stringify(publishedSchema(rowSchema(family)), null, 2)}\n`,
    )
  })

  test.each(statementNames)(
    'schemas/avro has the schema of the statement %s, and every field of it says what it is',
    (name) => {
      const file = readFileSync(new URL(`${name}.avsc`, folder), 'utf8')
      const schema = publishedSchema(statementSchema(name))
      expect(file, 'run `npx tsx dev/write-schemas.ts`').toBe(`${JSON.stringify(schema, null, 2)}\n`)
      for (const { name: field, doc } of schema['fields'] as readonly Field[])
        expect(doc?.length, field).toBeGreaterThan(20)
    },
  )

  test('schemas/avro has the schema of names, and every field of it says what it is', () => {
    const file = readFileSync(new URL(`${NAME_RECORD}.avsc`, folder), 'utf8')
    expect(file, 'run `npx tsx dev/write-schemas.ts`').toBe(`${JSON.stringify(nameSchema, null, 2)}\n`)
    for (const { name: field, doc } of nameSchema['fields'] as readonly Field[])
      expect(doc?.length, field).toBeGreaterThan(8)
  })

  test('schemas/avro has one file for each family and kind of statement, one for names, and no other', () => {
    const files = readdirSync(folder).filter((name) => name !== 'history')
    expect(files.sort()).toEqual(
      [...familyNames.map(contractName), ...statementNames, NAME_RECORD].map((name) => `${name}.avsc`).sort(),
    )
  })

  // A changed fingerprint makes rows in existing logs unreadable until a resolver for the old one is kept: never adjust
  // this in passing.
  test('fingerprints of the stored rows are as they were', () => {
    expect(Object.fromEntries(familyNames.map((family) => [family, rowCodec(family).fingerprint]))).toEqual(
      FINGERPRINTS,
    )
  })

  test.each(familyNames)('every field for %s says what it is, and measures name unit and source', (family) => {
    const undocumented = fieldsOf(rowSchema(family), family).filter(
      ({ path, doc }) => doc.length < 10 || (/\.measures\.[^.]+$/.test(path) && !/Unit: .*Source: \w+/.test(doc)),
    )
    expect(undocumented).toEqual([])
  })

  test.each(familyNames)(
    'every measure and KPI of %s is nullable with default null, so that a later version can add some',
    (family) => {
      const may = fieldsOf(rowSchema(family), family).filter(({ path }) => /\.(measures|kpis)\.[^.]+$/.test(path))
      expect(may.length).toBeGreaterThanOrEqual(families[family].metrics.length)
      for (const { path, field } of may)
        expect(field, path).toMatchObject({ type: ['null', expect.anything()], default: null })
    },
  )

  test('dimensions that a point may have several of say that they multiply', () => {
    const multiplying = familyNames.flatMap((family) => {
      const fields = rowSchema(family)['fields'] as readonly Field[]
      return fields.filter(({ doc }) => /rows multiply/.test(doc ?? '')).map(({ name }) => `${family}.${name}`)
    })
    expect(multiplying).toEqual(['skill.skillId', 'division.divisionId'])
  })

  // They are published as longs, with a denominator: KPIs of other terms belong into the map of the profile's.
  test.each(builtInKpis.map(({ name, formula }) => [name, formula]))(
    '%s is a quotient of whole numbers',
    (_, formula) => {
      const parsed = parseFormula(formula)
      if (E.isLeft(parsed)) throw new Error(parsed.left)
      const { numerator, denominator } = parsed.right
      expect(denominator).not.toBeNull()
      for (const { factor } of [...numerator, ...(denominator ?? [])]) expect(factor).toBe(Math.round(factor))
      for (const metric of metricsOf(parsed.right)) expect(metricKind(metric)).not.toBe('observation')
    },
  )

  test('the default topics are named after the families', () => {
    expect(familyNames.map((family) => topicOf(defaultTopics, family))).toEqual([
      'genesys.queue-metrics',
      'genesys.agent-metrics',
      'genesys.agent-state',
      'genesys.agent-occupancy',
      'genesys.skill-metrics',
      'genesys.language-metrics',
      'genesys.wrap-up-metrics',
      'genesys.flow-metrics',
      'genesys.campaign-metrics',
      'genesys.division-metrics',
      'genesys.organisation-metrics',
    ])
  })
})

type Field = Readonly<{ name: string; doc?: string; type: unknown }>

/** Every field of a schema, however deep. */
const fieldsOf = (node: unknown, path: string): readonly Readonly<{ path: string; doc: string; field: Field }>[] => {
  if (Array.isArray(node)) return node.flatMap((branch) => fieldsOf(branch, path))
  if (typeof node !== 'object' || node === null) return []
  const { fields = [], items, values } = node as { fields?: readonly Field[]; items?: unknown; values?: unknown }
  return [
    ...fields.flatMap((field) => {
      const at = `${path}.${field.name}`
      return [{ path: at, doc: field.doc ?? '', field }, ...fieldsOf(field.type, at)]
    }),
    ...fieldsOf(items, path),
    ...fieldsOf(values, path),
  ]
}

const FINGERPRINTS = {
  queue: '4535200d0d5c4c4d',
  agent: 'd1ebd3c367b9ed35',
  'agent-state': '5e7a3dcca992335b',
  'agent-occupancy': '5ea4931fc9a36753',
  skill: 'f99dcedc589b213d',
  language: 'd47d8e1341b95dc3',
  'wrap-up': 'ee65fcdae00c54eb',
  flow: 'dade1cf77b1f3a2a',
  campaign: 'da1f46838de58634',
  division: 'f0c2d71ffeaa9025',
  organisation: 'c5206ad5fc9d6d13',
}
