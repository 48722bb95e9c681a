// @ts-nocheck
