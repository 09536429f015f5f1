import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { powerBiSchema } from '../../../../src/app/config/sinks/power-bi-schema.js'
import { webhookSchema } from '../../../../src/app/config/sinks/webhook-schema.js'
import { scratchFolder } from '../../../support/streamvane.js'

const docOf = (name: string): string => readFileSync(join(import.meta.dirname, '../../../../docs/sinks', name), 'utf8')

describe.each([
  ['webhooks.md', 'webhooks', webhookSchema],
  ['power-bi.md', 'power-bi', powerBiSchema],
] as const)('docs/sinks/%s', (name, use, schema) => {
  const doc = docOf(name)
  const loaded = async (text: string) => {
    const file = join(await scratchFolder(), 'streamvane.yaml')
    writeFileSync(file, text.replace(/\{ file: [^}]+ \}/g, '{ env: SECRET }'))
    return loadConfig({ file, env: { SECRET: 'planted' } })
  }
  const [, example = ''] = /```yaml\n([^`]*)```/.exec(doc) ?? []

  test('has an example that is a valid configuration, whose secrets are never shown', async () => {
    const config = await loaded(example)
    expect(config.egress.sinks).toEqual([expect.objectContaining({ use })])
    expect(JSON.stringify(config)).not.toContain('planted')
  })

  test('says what each setting is for', () => {
    for (const key of Object.keys(schema.shape)) expect(doc).toMatch(new RegExp(`\`${key}[\`.]`))
  })

  test('describes settings that are refused where they are wrong', async () => {
    const wrong = {
      webhooks: ['https://hooks.example.com/genesys', 'http://hooks.example.com/genesys', 'https:// only'],
      'power-bi': ['only: final', 'only: final\n      figures: [n_offerred]', 'no family has a column n_offerred'],
    } as const
    const [right, changed, message] = wrong[use]
    await expect(loaded(example.replace(right, changed))).rejects.toThrow(message)
  })
})
