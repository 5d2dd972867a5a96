class Token: pass
