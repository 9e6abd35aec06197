import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', '.javascript/**'] }),
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { project: './test/tsconfig.json', tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      // A schema and its type share a name; the compiler finds what is really declared twice.
      '@typescript-eslint/no-redeclare': 'off',
      // An async function makes a rejection of what it throws: for a plugin or a hook that is what Fastify can handle.
      '@typescript-eslint/require-await': 'off',
      // Says that a promise has an owner elsewhere.
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'max-lines': ['error', { max: 200 }],
      'max-lines-per-function': ['error', { max: 50 }]
    }
  },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['lib/observe/inspector/page/*.tsx'] })),
  {
    files: ['lib/observe/inspector/page/*.tsx'],
    languageOptions: { parserOptions: { project: './lib/observe/inspector/page/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The compiler knows what a browser has.
      'no-undef': 'off',
      'max-lines': ['error', { max: 200 }]
    }
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A test is a list of steps: its length says nothing about its clarity.
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      // Elsewhere a property would be tried with something else in every run.
      'no-restricted-imports': ['error', { name: 'fast-check', message: 'Import it from test/helpers/property.ts' }],
      // tap waits for its tests itself.
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafePromises: [{ from: 'package', package: '@tapjs/core', name: 'PromiseWithSubtest' }]
      }]
    }
  },
  {
    files: ['test/helpers/property.ts'],
    rules: { 'no-restricted-imports': 'off' }
  },
  {
    files: ['test/types/**'],
    rules: {
      // These lines are compiled, and never run.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-floating-promises': 'off'
    }
  },
  {
    // Their packages are their own and need not be installed: `npm run bench` and `npm run mutation` check their types.
    ...tseslint.configs.disableTypeChecked,
    files: ['bench/**/*.ts', 'test/mutation/{run,stryker,test-runner}.ts']
  }
]
