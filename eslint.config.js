import js from '@eslint/js'
import jsdoc from 'eslint-plugin-jsdoc'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

/** Which layers a layer may not reach for; the later block of a flat config replaces the rule, so each repeats all. */
const restrict = (...names) => {
  const message = 'Dependencies run one way: see ARCHITECTURE.md, Rules'
  const isPackage = (name) => /^[a-z-]+$/.test(name)
  return [
    'error',
    {
      paths: names.filter(isPackage).map((name) => ({ name, message })),
      patterns: names.filter((name) => !isPackage(name)).map((group) => ({ group: [group], message })),
    },
  ]
}

export default tseslint.config(
  { ignores: ['build/**', 'node_modules/**', '.scrip/**', 'public/**'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Remix throws Responses by design: redirects and refusals.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.tsx'],
    plugins: { 'react-hooks': reactHooks, 'jsx-a11y': jsxA11y },
    rules: {
      ...reactHooks.configs.recommended.rules,
      ...jsxA11y.flatConfigs.recommended.rules,
      // A scrolling region must be reachable by keyboard; the landmark role beside it makes that right.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { roles: ['region', 'tabpanel'], tags: [] }],
    },
  },
  {
    files: ['app/credits/**/*.ts', 'app/billing/**/*.ts', 'app/actions/**/*.ts', 'app/auth/**/*.ts'],
    plugins: { jsdoc },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        { publicOnly: true, require: { FunctionDeclaration: true, ClassDeclaration: true } },
      ],
      'jsdoc/no-types': 'error',
    },
  },
  {
    files: ['models/**/*.ts'],
    rules: {
      'no-restricted-imports': restrict(
        'stripe',
        '**/routes/**',
        '**/billing/**',
        '**/credits/**',
        '**/auth/**',
        '**/actions/**',
      ),
    },
  },
  {
    files: ['app/credits/**/*.ts'],
    rules: {
      'no-restricted-imports': restrict(
        'stripe',
        '@remix-run/*',
        '**/routes/**',
        '**/billing/**',
        '**/auth/**',
        '**/actions/**',
      ),
    },
  },
  {
    files: ['app/billing/**/*.ts'],
    ignores: ['app/billing/stripe/client.server.ts'],
    rules: { 'no-restricted-imports': restrict('stripe', '**/routes/**') },
  },
  {
    files: ['app/**/*.{ts,tsx}'],
    ignores: ['app/credits/**', 'app/billing/**', 'app/routes/**', 'app/root.tsx', 'app/entry.*'],
    rules: { 'no-restricted-imports': restrict('stripe', '**/routes/**', '**/sandbox/**') },
  },
  {
    files: ['app/routes/**/*.{ts,tsx}'],
    rules: { 'no-restricted-imports': restrict('stripe', 'mongoose', '**/sandbox/**') },
  },
  {
    files: ['sandbox/**/*.{ts,tsx}'],
    rules: { 'no-restricted-imports': restrict('#app/**', '**/app/**', '#models/**', '**/models/**') },
  },
  {
    files: ['**/*.{js,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        URL: 'readonly',
        AbortSignal: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
)
