class Smoke: pass
