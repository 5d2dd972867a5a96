package store

// Fact returns something that is true of the installation, "" when it was never said.
func (tx *Tx) Fact(name string) (value string, err error) {
	_, err = tx.QueryRow("select value from fact where name = $1", []any{name}, &value)
	return value, err
}

// SetFact records something that is true of the installation.
func (tx *Tx) SetFact(name, value string) error {
	_, err := tx.Exec("insert into fact (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value", name, value)
	return err
}
