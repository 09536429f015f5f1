import { defineConfig } from 'vitest/config'

const KINDS = ['contracts', 'simulation', 'integration'] as const

/**
 * Stages run one after the other, the quick ones first. Whatever lies in none of the special folders is a unit test, so
 * none is forgotten.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: KINDS.map((kind) => `test/${kind}/**`),
          globalSetup: ['test/support/eventstoredb/global-setup.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contracts',
          include: ['test/contracts/**/*.test.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/kafka-global-setup.ts'],
          // One broker serves all files, on a machine that may have two cores: one file at a time.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // kafkajs has other retry defaults under NODE_ENV=test; here the real ones count.
          env: { NODE_ENV: 'production' },
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
