import js from '@eslint/js';
import ts from 'typescript-eslint';

export default ts.config(js.configs.recommended, ...ts.configs.strict, {
  ignores: ['src/protocol.ts'],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    '@typescript-eslint/no-namespace': 'off',
    'max-lines': ['error', 400],
    'no-console': 'error',
    'no-restricted-syntax': [
      'error',
      {
        selector:
          'JSXAttribute[name.name="dangerouslySetInnerHTML"], MemberExpression[property.name=/^(inner|outer)HTML$/]',
        message: 'Text goes into the page as text.'
      }
    ]
  }
});
