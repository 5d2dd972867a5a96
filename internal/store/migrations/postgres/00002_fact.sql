-- What is true of the installation as a whole.
create table fact (name text primary key collate "C", value text not null);
